"""Where facts come from. Each source gives raw frames in the same shapes, with f1db's ids.

Here belong reading and writing of outside formats, and typed errors about them. Not here: what a
fact means (tables), where tables are kept (storage).
"""
