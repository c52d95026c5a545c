package node

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// tiff is a directory that says how a picture lies, behind one that says nothing of it.
func tiff(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	b := order.AppendUint32([]byte(mark), 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x010f, 7}, {orientationTag, orientation}} {
		b = order.AppendUint16(order.AppendUint16(b, e[0]), tiffShort)
		b = order.AppendUint16(order.AppendUint16(order.AppendUint32(b, 1), e[1]), 0)
	}
	return order.AppendUint32(b, 0)
}

// withExif puts an Exif segment into a JPEG file, behind one that is none.
func withExif(photo, exif []byte) []byte {
	segment := func(kind byte, body string) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, kind}, uint16(len(body)+2)), body...)
	}
	b := append([]byte{0xff, 0xd8}, segment(0xe0, "JFIF\x00")...)
	b = append(b, segment(0xe1, exifName+string(exif))...)
	return append(b, photo[2:]...)
}

// withChunk puts a chunk behind the head of a PNG file.
func withChunk(file []byte, kind string, body []byte) []byte {
	const behindHead = 8 + 8 + 13 + 4
	chunk := append([]byte(kind), body...)
	b := binary.BigEndian.AppendUint32(bytes.Clone(file[:behindHead]), uint32(len(body)))
	b = binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
	return append(b, file[behindHead:]...)
}

// corners is a picture of two blocks over two: red, green over blue, white.
func corners(side int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 2*side, side))
	for y := range side {
		for x := range 2 * side {
			c := color.NRGBA{A: 255}
			switch {
			case y < side/2 && x < side:
				c.R = 255
			case y < side/2:
				c.G = 255
			case x < side:
				c.B = 255
			default:
				c.R, c.G, c.B = 255, 255, 255
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// cornersOf reads the colors of a picture's corners, row by row.
func cornersOf(m image.Image) string {
	b, seen := m.Bounds(), ""
	for _, at := range []image.Point{{1, 1}, {b.Dx() - 2, 1}, {1, b.Dy() - 2}, {b.Dx() - 2, b.Dy() - 2}} {
		r, g, bl, _ := m.At(b.Min.X+at.X, b.Min.Y+at.Y).RGBA()
		switch {
		case r > 0x9000 && g > 0x9000:
			seen += "W"
		case r > 0x9000:
			seen += "R"
		case g > 0x9000:
			seen += "G"
		case bl > 0x9000:
			seen += "B"
		}
	}
	return seen
}

func TestPicturesAreTurnedUpright(t *testing.T) {
	t.Parallel()
	for o, want := range map[int]string{0: "RGBW", 1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB", 9: "RGBW"} {
		little, big := tiff(binary.LittleEndian, "II*\x00", uint16(o)), tiff(binary.BigEndian, "MM\x00*", uint16(o))
		for name, file := range map[string][]byte{
			"jpeg, little": withExif(asJPEG(t, corners(32)), little),
			"jpeg, big":    withExif(asJPEG(t, corners(32)), big),
			"png":          withChunk(asPNG(t, corners(32)), "eXIf", big),
		} {
			p, err := imageNode().picture(t.Context(), file, 48)
			if err != nil {
				t.Errorf("%s, orientation %d: %v", name, o, err)
				continue
			}
			decode := png.Decode
			if p.mediaType == typeJPEG {
				decode = jpeg.Decode
			}
			m, err := decode(bytes.NewReader(p.body))
			if err != nil {
				t.Fatalf("%s, orientation %d: %v", name, o, err)
			}
			w, h := 48, 24
			if o > 4 && o < 9 {
				w, h = h, w
			}
			if got := cornersOf(m); got != want || p.width != w || p.height != h || m.Bounds().Dx() != w {
				t.Errorf("%s, orientation %d: corners %s, %d x %d; want %s, %d x %d", name, o, got, p.width, p.height, want, w, h)
			}
			if bytes.Contains(p.body, []byte("Exif")) || bytes.Contains(p.body, []byte("eXIf")) {
				t.Errorf("%s, orientation %d: the metadata is stored", name, o)
			}
		}
	}
}

func TestOrientationOfWebP(t *testing.T) {
	t.Parallel()
	exif := tiff(binary.LittleEndian, "II*\x00", 6)
	file := []byte("RIFF\x00\x00\x00\x00WEBPXMP \x01\x00\x00\x00x\x00EXIF")
	file = append(binary.LittleEndian.AppendUint32(file, uint32(len(exif))), exif...)
	if got := orientation("webp", file); got != 6 {
		t.Errorf("orientation = %d, want 6", got)
	}
	if got := orientation("webp", file[:len(file)-1]); got != upright {
		t.Errorf("orientation of a broken file = %d, want %d", got, upright)
	}
}

func FuzzOrientation(f *testing.F) {
	for _, exif := range [][]byte{tiff(binary.LittleEndian, "II*\x00", 6), tiff(binary.BigEndian, "MM\x00*", 8), []byte("II*\x00\xff\xff\xff\xff"), nil} {
		f.Add(withExif(asJPEG(f, noise(2, 2, 255)), exif))
		f.Add(withChunk(asPNG(f, noise(2, 2, 255)), "eXIf", exif))
		f.Add(append([]byte("RIFF\x00\x00\x00\x00WEBPEXIF\x1a\x00\x00\x00"), exif...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, known := format(data)
		if !known {
			return
		}
		if o := orientation(d.name, data); o < 1 || o > 8 {
			t.Errorf("orientation = %d", o)
		}
	})
}
