"""The faces: the command line and the Streamlit desk. Nothing from here is imported anywhere."""
