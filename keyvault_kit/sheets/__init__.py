"""Paper: sheets made as PDFs in memory, and read back from a raster of the finished page."""
