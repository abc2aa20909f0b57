"""The screens of the desk, one file each: Streamlit runs the file of the page that is open."""
