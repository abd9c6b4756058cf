package stimuli

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation returns how the image in a file's bytes is to be turned for the
// eye, 1 to 8 as EXIF counts: 1 is upright, and so is what says nothing or
// nothing intelligible.
//
// Source: JEITA CP-3451 (EXIF 2.3), tag 0x0112; TIFF 6.0 section 2 for its
// container.
func orientation(file []byte) int {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		return tiffOrientation(jpegExif(file))
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return tiffOrientation(chunk(file[8:], binary.BigEndian, false, "eXIf", 4))
	case len(file) >= 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		return tiffOrientation(bytes.TrimPrefix(chunk(file[12:], binary.LittleEndian, true, "EXIF", 0), []byte("Exif\x00\x00")))
	}
	return tiffOrientation(file)
}

// jpegExif returns the EXIF block among the segments before a JPEG's first scan.
func jpegExif(file []byte) []byte {
	for file = file[2:]; len(file) >= 4 && file[0] == 0xff; {
		marker := file[1]
		if marker == 0xff { // padding
			file = file[1:]
			continue
		}
		if marker == 0xda || marker == 0xd9 { // scan, end
			return nil
		}
		length := int(binary.BigEndian.Uint16(file[2:])) // of itself and the content
		if length < 2 || 2+length > len(file) {
			return nil
		}
		content := file[4 : 2+length]
		if exif, ok := bytes.CutPrefix(content, []byte("Exif\x00\x00")); marker == 0xe1 && ok {
			return exif
		}
		file = file[2+length:]
	}
	return nil
}

// chunk returns the content of the first chunk called name. A chunk is its
// length and its name, PNG's order, or the name first, RIFF's; the content; and
// trailer bytes more, PNG's checksum, or what makes its length even, RIFF's.
func chunk(file []byte, order binary.ByteOrder, nameFirst bool, name string, trailer int) []byte {
	for len(file) >= 8 {
		length, called := uint64(order.Uint32(file)), string(file[4:8])
		if nameFirst {
			length, called = uint64(order.Uint32(file[4:])), string(file[:4])
		}
		file = file[8:]
		if length > uint64(len(file)) {
			return nil
		}
		if called == name {
			return file[:length]
		}
		if nameFirst {
			trailer = int(length & 1)
		}
		if length+uint64(trailer) > uint64(len(file)) {
			return nil
		}
		file = file[length+uint64(trailer):]
	}
	return nil
}

// tiffOrientation returns the orientation that the first directory of a TIFF
// container gives.
func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	entries := int(order.Uint16(tiff[at:]))
	for directory := tiff[at+2:]; entries > 0 && len(directory) >= 12; entries-- {
		const tag, short = 0x0112, 3
		if order.Uint16(directory) == tag && order.Uint16(directory[2:]) == short && order.Uint32(directory[4:]) == 1 {
			if v := int(order.Uint16(directory[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		directory = directory[12:]
	}
	return 1
}

// upright returns the image turned as its orientation says, in 8 bits.
func upright(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 { // rows become columns
		out = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	row := rows(img)
	r, g, b := make([]float32, w), make([]float32, w), make([]float32, w)
	for y := range h {
		row(y, r, g, b)
		for x := range w {
			left, top := w-1-x, h-1-y
			to := [...][2]int{{x, y}, {left, y}, {left, top}, {x, top}, {y, x}, {top, x}, {top, left}, {y, left}}[orientation-1]
			copy(out.Pix[out.PixOffset(to[0], to[1]):], []byte{byte(r[x] + 0.5), byte(g[x] + 0.5), byte(b[x] + 0.5), 255})
		}
	}
	return out
}
