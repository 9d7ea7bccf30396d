package plot

import (
	"image/color"
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
)

// theme holds the colours of a drawing. Those of paper and text are the web page's.
type theme struct {
	background, text, muted, grid color.Color
	series                        []color.Color // told apart by people with any colour vision, most distinct first
	rest                          color.Color   // what belongs to none
	ramp                          []color.NRGBA // of numbers, from little to much
}

// Colours of Okabe and Ito 2008 (Color Universal Design); yellow only on dark, where it shows.
var (
	blue       = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	vermillion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	green      = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	purple     = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}
	orange     = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	sky        = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	yellow     = color.NRGBA{0xf0, 0xe4, 0x42, 0xff}
)

var light = theme{
	background: color.NRGBA{0xff, 0xfe, 0xfb, 0xff}, text: color.NRGBA{0x1c, 0x22, 0x30, 0xff},
	muted: color.NRGBA{0x61, 0x6a, 0x7d, 0xff}, grid: color.NRGBA{0xe2, 0xde, 0xd4, 0xff},
	series: []color.Color{blue, vermillion, green, purple, orange, sky, color.NRGBA{0x1c, 0x22, 0x30, 0xff}},
	rest:   color.NRGBA{0xb8, 0xb9, 0xbd, 0xff},
	ramp:   []color.NRGBA{{0xf3, 0xf1, 0xe8, 0xff}, {0x9c, 0xc3, 0xdc, 0xff}, {0x00, 0x72, 0xb2, 0xff}, {0x04, 0x22, 0x45, 0xff}},
}

var dark = theme{
	background: color.NRGBA{0x18, 0x1c, 0x26, 0xff}, text: color.NRGBA{0xe6, 0xe8, 0xee, 0xff},
	muted: color.NRGBA{0x98, 0xa1, 0xb3, 0xff}, grid: color.NRGBA{0x2a, 0x30, 0x3d, 0xff},
	series: []color.Color{sky, orange, green, purple, yellow, vermillion, color.NRGBA{0xe6, 0xe8, 0xee, 0xff}},
	rest:   color.NRGBA{0x5c, 0x65, 0x77, 0xff},
	ramp:   []color.NRGBA{{0x20, 0x26, 0x33, 0xff}, {0x1d, 0x5b, 0x86, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0xf5, 0xf1, 0xc4, 0xff}},
}

// maxSeries is how many things a theme tells apart.
const maxSeries = 7

// faded returns a colour that lets what is below shine through.
func faded(c color.Color, alpha uint8) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = alpha
	return n
}

// sans returns the fonts of all text: Liberation Sans, which is as wide as Arial and Helvetica.
var sans = sync.OnceValues(func() (*font.Cache, error) {
	var fonts font.Collection
	for weight, data := range map[stdfont.Weight][]byte{
		stdfont.WeightNormal: liberationsansregular.TTF, stdfont.WeightBold: liberationsansbold.TTF,
	} {
		face, err := opentype.Parse(data)
		if err != nil {
			return nil, err
		}
		fonts = append(fonts, font.Face{Font: font.Font{Typeface: "Sans", Weight: weight}, Face: face})
	}
	return font.NewCache(fonts), nil
})
