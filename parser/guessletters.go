package parser

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// script is an alphabet beside the Latin one, in one of its 8-bit charsets.
type script struct {
	codec  encoding.Encoding
	table  *unicode.RangeTable
	common string // its most frequent letters: two thirds of any text
}

const (
	commonRussian = "оеаинтсрвлкмдпу"
	commonGreek   = "αοιετσνηυρπκμλως"
	commonHebrew  = "יוהלאתמרבשנ"
	commonArabic  = "اليمنوتربةعدسفه"
	commonThai    = "านรกเอง่มลยวทสต้"
)

var scripts = []script{
	{charmap.Windows1251, unicode.Cyrillic, commonRussian}, {charmap.KOI8U, unicode.Cyrillic, commonRussian}, {charmap.ISO8859_5, unicode.Cyrillic, commonRussian},
	{charmap.Windows1253, unicode.Greek, commonGreek}, {charmap.Windows1255, unicode.Hebrew, commonHebrew},
	{charmap.Windows1256, unicode.Arabic, commonArabic}, {charmap.Windows874, unicode.Thai, commonThai},
}

// scriptScore says how far the sample reads as text of an alphabet, in 0…1000: nearly all that is beyond ASCII are letters of
// it, the frequent ones are frequent, small ones outweigh capitals, a capital hardly follows a small one, and no word mixes
// two alphabets.
func scriptScore(s script, sample []byte, high int) int {
	text, _ := decodeWith(s.codec, sample)
	letters, common, good := 0, 0, 0
	var last rune
	for _, r := range text {
		is := r >= 0x80 && unicode.Is(s.table, r)
		mixed := is && last < 0x80 && unicode.IsLetter(last) || r < 0x80 && unicode.IsLetter(r) && last >= 0x80 && unicode.Is(s.table, last)
		if is {
			letters++
			if strings.ContainsRune(s.common, unicode.ToLower(r)) {
				common++
			}
		}
		switch {
		case mixed:
			good -= 1000
		case is && !unicode.IsUpper(r):
			good += 1000
		case is && unicode.IsLower(last):
			good -= 1000
		case is:
			good += 500
		}
		last = r
	}
	if letters < 4 || letters*10 < high*8 {
		return 0
	}
	return good / letters * min(common*100/letters+40, 100) / 100
}

// latin is a language with letters beyond ASCII, and the charset that has them, where Windows-1252 has not.
type latin struct {
	codec   encoding.Encoding
	letters string
}

var western = []string{"äöüß", "éèàçêâôûùîïëœ", "áéíóúñü", "ãõáéíóúâêôçà", "àèéìòù", "åäö", "æøåé", "éëïö", "ðþýáéíóúæö"}

var eastern = func() (all []latin) {
	for _, c := range []struct {
		codecs  []encoding.Encoding
		letters []string
	}{
		{[]encoding.Encoding{charmap.Windows1250, charmap.ISO8859_2}, []string{"ąćęłńóśźż", "ěščřžýáíéúůťďň", "áäčďéíľĺňóôŕšťúýž", "áéíóöőúüű", "čšžćđ", "ăâîşţ"}},
		{[]encoding.Encoding{charmap.Windows1254}, []string{"çğıiöşüâî"}},
		{[]encoding.Encoding{charmap.Windows1257}, []string{"ąčęėįšųūž", "āčēģīķļņšūž"}},
		{[]encoding.Encoding{charmap.ISO8859_15}, []string{"œéèàçêâôûùîï"}},
	} {
		for _, codec := range c.codecs {
			for _, letters := range c.letters {
				all = append(all, latin{codec, letters})
			}
		}
	}
	return all
}()

// guessLatin guesses the charset of a text in Latin letters: Windows-1252, unless the letters beyond ASCII are those of one
// language in another charset, and of none in that one.
func guessLatin(sample []byte) encoding.Encoding {
	best, most := encoding.Encoding(charmap.Windows1252), 0
	for _, letters := range western {
		most = max(most, covered(charmap.Windows1252, sample, letters))
	}
	for _, l := range eastern {
		if share := covered(l.codec, sample, l.letters); share >= 950 && share > most+50 {
			best, most = l.codec, share
		}
	}
	return best
}

// covered says how many of the letters beyond ASCII are letters of a language, in 0…1000. A sign beside a letter is one that
// the language does not have.
func covered(codec encoding.Encoding, sample []byte, letters string) int {
	decoded, _ := decodeWith(codec, sample)
	text := []rune(decoded)
	all, good := 0, 0
	for i, r := range text {
		if r < 0x80 || unicode.IsPunct(r) || unicode.IsSpace(r) {
			continue
		}
		beside := i > 0 && unicode.IsLetter(text[i-1]) || i+1 < len(text) && unicode.IsLetter(text[i+1])
		if !unicode.IsLetter(r) && !beside {
			continue
		}
		if all++; strings.ContainsRune(letters, unicode.ToLower(r)) {
			good++
		}
	}
	if all == 0 {
		return 1000
	}
	return good * 1000 / all
}
