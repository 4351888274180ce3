package parser

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/gif"  // reads the size of a GIF
	_ "image/jpeg" // reads the size of a JPEG
	_ "image/png"  // reads the size of a PNG
	"strings"
)

// Sizes that part a picture of a screen from the decoration of a mail, in pixels and bytes.
const (
	minSide      = 32    // below: rules and icons
	minArea      = 10000 // below: icons (96 × 96), small logos (168 × 44)
	maxSide      = 30000 // above: no screen
	logoArea     = 40000 // of an inline logo
	logoBytes    = 8000  // and its size
	stripHeight  = 150   // of an inline banner
	stripBytes   = 20000 // and its size
	bannerHeight = 200   // of a wide inline banner
	bannerWidth  = 800
)

// isScreenshot says whether a file is a picture that may show an error: a picture by its bytes, whatever its name and
// type say, and of some size. What stands inline must look less like a logo or a banner than what is attached, and its name
// must not begin as those of decoration do.
func isScreenshot(a Attachment, decoration []string) bool {
	width, height, ok := pictureSize(a.Data)
	if !ok {
		return false
	}
	if width == 0 { // a picture whose size is not read here: photos of phones
		return len(a.Data) >= stripBytes
	}
	if width < minSide || height < minSide || width > maxSide || height > maxSide || width*height < minArea {
		return false
	}
	if !a.Inline && a.ContentID == "" {
		return true
	}
	name := strings.ToLower(a.Filename)
	for _, word := range decoration {
		if strings.HasPrefix(name, word) {
			return false
		}
	}
	switch {
	case width*height <= logoArea && len(a.Data) < logoBytes:
		return false
	case width >= 3*height && height <= stripHeight && len(a.Data) < stripBytes:
		return false
	case width >= 4*height && height <= bannerHeight && width <= bannerWidth:
		return false
	}
	return true
}

// pictureSize reads the size of a picture in pixels. Of the kinds that only show by their first bytes it is 0 × 0.
func pictureSize(data []byte) (width, height int, ok bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")), bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return decodedSize(data)
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		if !isGIF(data) {
			return 0, 0, false
		}
		return decodedSize(data)
	case len(data) > 30 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return webpSize(data)
	case len(data) > 54 && string(data[:2]) == "BM" && binary.LittleEndian.Uint32(data[14:]) >= 12 && binary.LittleEndian.Uint32(data[14:]) <= 124:
		width, height = int(int32(binary.LittleEndian.Uint32(data[18:]))), int(int32(binary.LittleEndian.Uint32(data[22:])))
		return width, max(height, -height), width > 0 && height != 0
	case len(data) > 16 && string(data[4:8]) == "ftyp":
		switch string(data[8:12]) {
		case "heic", "heix", "hevc", "mif1", "msf1", "avif":
			return 0, 0, true
		}
	case bytes.HasPrefix(data, []byte("II*\x00")), bytes.HasPrefix(data, []byte("MM\x00*")):
		return 0, 0, true
	}
	return 0, 0, false
}

// maxPictureHead is how far into a JPEG its size may stand: behind the thumbnails of a camera.
const maxPictureHead = 1 << 20

func decodedSize(data []byte) (width, height int, ok bool) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data[:min(len(data), maxPictureHead)]))
	return config.Width, config.Height, err == nil
}

// isGIF says whether a block of a GIF follows its head: six bytes alone make nothing a picture.
func isGIF(data []byte) bool {
	if len(data) < 14 {
		return false
	}
	at := 13
	if data[10]&0x80 != 0 {
		at += 3 << (data[10]&7 + 1)
	}
	return at < len(data) && (data[at] == 0x21 || data[at] == 0x2c)
}

// webpSize reads the three forms of WebP (RFC 9649 §2).
func webpSize(data []byte) (width, height int, ok bool) {
	switch string(data[12:16]) {
	case "VP8 ":
		if data[23] == 0x9d && data[24] == 0x01 && data[25] == 0x2a {
			return int(binary.LittleEndian.Uint16(data[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(data[28:]) & 0x3fff), true
		}
	case "VP8L":
		if data[20] == 0x2f {
			bits := binary.LittleEndian.Uint32(data[21:])
			return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1, true
		}
	case "VP8X":
		return int(data[24]) | int(data[25])<<8 | int(data[26])<<16 + 1, int(data[27]) | int(data[28])<<8 | int(data[29])<<16 + 1, true
	}
	return 0, 0, false
}
