package blob

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// cleanJPEG keeps the segments that show the picture, and which way is up.
func cleanJPEG(raw []byte) ([]byte, error) {
	if len(raw) < 4 || raw[0] != 0xFF || raw[1] != 0xD8 {
		return nil, errDamaged
	}
	body := bytes.NewBuffer(make([]byte, 0, len(raw)+64)) // one copy, never a second
	body.Write([]byte{0xFF, 0xD8})
	up := jpegUp(raw)
	if up > 1 && up <= 8 {
		body.Write(upright(up))
	}
	p := raw[2:]
	for {
		if len(p) < 2 || p[0] != 0xFF {
			return nil, errDamaged
		}
		for len(p) > 1 && p[1] == 0xFF { // fill bytes
			p = p[1:]
		}
		if len(p) < 2 {
			return nil, errDamaged
		}
		m := p[1]
		if m == 0xD9 {
			body.Write([]byte{0xFF, 0xD9})
			break
		}
		if m == 0x01 || m >= 0xD0 && m <= 0xD7 {
			body.Write(p[:2])
			p = p[2:]
			continue
		}
		if len(p) < 4 {
			return nil, errDamaged
		}
		n := 2 + int(binary.BigEndian.Uint16(p[2:]))
		if n < 4 || n > len(p) {
			return nil, errDamaged
		}
		segment := p[:n]
		p = p[n:]
		switch {
		case m == 0xE0, m == 0xEE, m == 0xE2 && bytes.HasPrefix(segment[4:], []byte("ICC_PROFILE\x00")):
			body.Write(segment)
		case m >= 0xE1 && m <= 0xEF, m == 0xFE:
		default:
			body.Write(segment)
		}
		if m != 0xDA {
			continue
		}
		end := scanEnd(p) // the picture itself, up to the next segment
		body.Write(p[:end])
		p = p[end:]
	}
	return body.Bytes(), nil
}

// jpegUp is the orientation in the first EXIF segment, which stands at the beginning.
func jpegUp(raw []byte) uint16 {
	for p := raw[2:]; len(p) > 10 && p[0] == 0xFF && p[1] != 0xDA; {
		n := 2 + int(binary.BigEndian.Uint16(p[2:]))
		if n < 4 || n > len(p) {
			break
		}
		if p[1] == 0xE1 && bytes.HasPrefix(p[4:n], []byte("Exif\x00\x00")) {
			return orientation(p[10:n])
		}
		p = p[n:]
	}
	return 1
}

// scanEnd is where a scan's data ends: at a marker that is neither stuffing nor a restart.
func scanEnd(p []byte) int {
	for i := 0; i+1 < len(p); i++ {
		if p[i] == 0xFF && p[i+1] != 0 && p[i+1] != 0xFF && (p[i+1] < 0xD0 || p[i+1] > 0xD7) {
			return i
		}
	}
	return len(p)
}

// orientation is EXIF's, 1 where it says none.
func orientation(tiff []byte) uint16 {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	n := int64(order.Uint16(tiff[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > int64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[e:]) == 0x0112 {
			return order.Uint16(tiff[e+8:])
		}
	}
	return 1
}

// upright is an EXIF segment that says nothing but which way is up.
func upright(o uint16) []byte {
	return []byte{0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, byte(o >> 8), byte(o), 0, 0, 0, 0, 0, 0}
}

var pngKept = []string{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "pHYs", "hIST", "acTL", "fcTL", "fdAT"}

// cleanPNG keeps the chunks that show the picture.
func cleanPNG(raw []byte) ([]byte, error) {
	const sign = "\x89PNG\r\n\x1a\n"
	if !bytes.HasPrefix(raw, []byte(sign)) {
		return nil, errDamaged
	}
	out := []byte(sign)
	for p := raw[8:]; ; {
		if len(p) < 12 {
			return nil, errDamaged
		}
		n := int64(binary.BigEndian.Uint32(p))
		if n+12 > int64(len(p)) || crc32.ChecksumIEEE(p[4:8+n]) != binary.BigEndian.Uint32(p[8+n:]) {
			return nil, errDamaged
		}
		kind := string(p[4:8])
		if slices.Contains(pngKept, kind) {
			out = append(out, p[:12+n]...)
		}
		if p = p[12+n:]; kind == "IEND" {
			return out, nil
		}
	}
}

// cleanGIF drops comments and what programs wrote for themselves, except how often it repeats.
func cleanGIF(raw []byte) ([]byte, error) {
	if len(raw) < 14 || !bytes.HasPrefix(raw, []byte("GIF8")) {
		return nil, errDamaged
	}
	head := 13
	if raw[10]&0x80 != 0 {
		head += 3 << (raw[10]&7 + 1)
	}
	if head > len(raw) {
		return nil, errDamaged
	}
	out := slices.Clone(raw[:head])
	blocks := func(p []byte) int { // the length of sub-blocks with their end, 0 for damaged ones
		for i := 0; i < len(p); i += int(p[i]) + 1 {
			if p[i] == 0 {
				return i + 1
			}
		}
		return 0
	}
	for p := raw[head:]; ; {
		if len(p) == 0 {
			return nil, errDamaged
		}
		n, keep := 0, true
		switch p[0] {
		case 0x3B:
			return append(out, 0x3B), nil
		case 0x2C:
			if n = 10; len(p) < n+1 {
				return nil, errDamaged
			}
			if p[9]&0x80 != 0 {
				n += 3 << (p[9]&7 + 1)
			}
			n++ // LZW's code size
		case 0x21:
			if n = 2; len(p) < 3 {
				return nil, errDamaged
			}
			keep = p[1] == 0xF9 || p[1] == 0xFF && len(p) > 14 && (string(p[3:14]) == "NETSCAPE2.0" || string(p[3:14]) == "ANIMEXTS1.0")
		default:
			return nil, errDamaged
		}
		if n > len(p) {
			return nil, errDamaged
		}
		b := blocks(p[n:])
		if b == 0 {
			return nil, errDamaged
		}
		if keep {
			out = append(out, p[:n+b]...)
		}
		p = p[n+b:]
	}
}

var webpKept = []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"}

// cleanWebP keeps the chunks that show the picture.
func cleanWebP(raw []byte) ([]byte, error) {
	if len(raw) < 12 || string(raw[:4]) != "RIFF" || string(raw[8:12]) != "WEBP" {
		return nil, errDamaged
	}
	size := int64(binary.LittleEndian.Uint32(raw[4:])) + 8
	if size > int64(len(raw)) || size < 12 {
		return nil, errDamaged
	}
	out := slices.Clone(raw[:12])
	for p := raw[12:size]; len(p) > 0; {
		if len(p) < 8 {
			return nil, errDamaged
		}
		n := 8 + int64(binary.LittleEndian.Uint32(p[4:]))
		n += n & 1
		if n > int64(len(p)) {
			return nil, errDamaged
		}
		if kind := string(p[:4]); slices.Contains(webpKept, kind) {
			at := len(out)
			out = append(out, p[:n]...)
			if kind == "VP8X" && n > 8 {
				out[at+8] &^= 0x0C // neither EXIF nor XMP follows
			}
		}
		p = p[n:]
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}

// cleanJP2 keeps of a JPEG 2000 file (ISO/IEC 15444-1, annex I), as scanners put it
// into documents, the boxes that show the picture; a bare code stream has none.
func cleanJP2(raw []byte) ([]byte, error) {
	if bytes.HasPrefix(raw, []byte{0xFF, 0x4F, 0xFF, 0x51}) {
		return raw, nil
	}
	if !bytes.HasPrefix(raw, []byte("\x00\x00\x00\x0cjP  \r\n\x87\n")) {
		return nil, errDamaged
	}
	out := make([]byte, 0, len(raw))
	for p := raw; len(p) > 0; {
		if len(p) < 8 {
			return nil, errDamaged
		}
		n, head := uint64(binary.BigEndian.Uint32(p)), uint64(8)
		switch n {
		case 0: // up to the end
			n = uint64(len(p))
		case 1:
			if len(p) < 16 {
				return nil, errDamaged
			}
			n, head = binary.BigEndian.Uint64(p[8:]), 16
		}
		if n < head || n > uint64(len(p)) {
			return nil, errDamaged
		}
		if slices.Contains([]string{"jP  ", "ftyp", "jp2h", "jp2c"}, string(p[4:8])) {
			out = append(out, p[:n]...)
		}
		p = p[n:]
	}
	return out, nil
}
