"""What is drawn: curves, bars, lines and scatters as small SVG panels or places in per cent; knows no section."""
