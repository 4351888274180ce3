package gateway

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
)

// picture makes a screenshot of some KB, another for each seed.
func picture(kilobytes int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	m := image.NewNRGBA(image.Rect(0, 0, 320, max(240, kilobytes)))
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			if y < kilobytes {
				m.Set(x, y, color.NRGBA{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), 255})
			}
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // into memory: never fails
	return b.Bytes()
}
