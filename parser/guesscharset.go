package parser

import (
	"unicode"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// maxGuess is how many bytes decide on the charset of a text that names none.
const maxGuess = 16 << 10

// leastScore is what another charset than Windows-1252 must score at least: any bytes are letters of some.
const leastScore = 150

// guessCodec guesses the charset of 8-bit text that is no UTF-8. Each candidate decodes a sample; the one whose letters
// are most usual wins, Windows-1252 where nothing speaks for another.
func guessCodec(data []byte) encoding.Encoding {
	sample := sampleOf(data)
	high := 0
	for _, c := range sample {
		if c >= 0x80 {
			high++
		}
	}
	best, score := encoding.Encoding(charmap.Windows1252), max(latinScore(sample, high), leastScore)
	for _, c := range []struct {
		codec encoding.Encoding
		usual func(rune) int
	}{
		{japanese.ShiftJIS, usualJapanese}, {japanese.EUCJP, usualJapanese}, {korean.EUCKR, usualKorean},
		{simplifiedchinese.GB18030, usualHan}, {traditionalchinese.Big5, usualHan},
	} {
		if s := wideScore(c.codec, sample, high, c.usual); s > score {
			best, score = c.codec, s
		}
	}
	for _, c := range scripts {
		if s := scriptScore(c, sample, high); s > score {
			best, score = c.codec, s
		}
	}
	if best == charmap.Windows1252 {
		return guessLatin(sample)
	}
	return best
}

// sampleOf takes the first lines that hold 8-bit text, whole lines so that no character is cut.
func sampleOf(data []byte) []byte {
	if len(data) <= maxGuess {
		return data
	}
	var sample []byte
	for pos := 0; pos < len(data) && len(sample) < maxGuess; {
		line, next := lineAt(data, pos)
		if !isASCII(line) && len(line) < maxGuess {
			sample = append(append(sample, line...), '\n')
		}
		pos = next
	}
	if sample == nil {
		return data[:maxGuess]
	}
	return sample
}

// latinScore says how far the 8-bit bytes look like accented letters and signs within western words, in 0…1000.
func latinScore(sample []byte, high int) int {
	if high == 0 {
		return 1000
	}
	good := 0
	for i, c := range sample {
		if c < 0x80 {
			continue
		}
		r := charmap.Windows1252.DecodeByte(c)
		beside := i > 0 && isLetter(sample[i-1]) || i+1 < len(sample) && isLetter(sample[i+1])
		crowded := i > 0 && sample[i-1] >= 0x80 && i+1 < len(sample) && sample[i+1] >= 0x80
		switch {
		case crowded: // three in a row is hardly a western word
		case unicode.IsLetter(r) && beside:
			good += 1000
		case c >= 0x80 && c < 0xa0 && r != unicode.ReplacementChar, c == 0xa0, c == 0xab, c == 0xbb, c == 0xb0, c == 0xa3, c == 0xa7, c == 0xa9, c == 0xae, c == 0xb7:
			good += 700
		}
	}
	return good / high
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// wideScore says how far the sample reads as text of an East Asian charset, in 0…1000.
func wideScore(codec encoding.Encoding, sample []byte, high int, usual func(rune) int) int {
	text, bad := decodeWith(codec, sample)
	if bad*20 > high {
		return 0
	}
	wide, good := 0, 0
	for _, r := range text {
		if r < 0x80 {
			continue
		}
		wide++
		good += usual(r)
	}
	if wide < 2 {
		return 0
	}
	return good/wide - bad*1000/high
}

func usualJapanese(r rune) int {
	switch {
	case r >= 0x3041 && r <= 0x30fe: // kana
		return 1000
	case r >= 0x4e00 && r <= 0x9fff, r >= 0x3000 && r <= 0x303f, r >= 0xff01 && r <= 0xff5e:
		return 800
	case r >= 0xff61 && r <= 0xff9f: // half-width kana: any byte is one
		return 50
	}
	return 0
}

func usualKorean(r rune) int {
	switch {
	case r >= 0xac00 && r <= 0xd7a3:
		return 950
	case r >= 0x3000 && r <= 0x303f:
		return 600
	case r >= 0x4e00 && r <= 0x9fff:
		return 200
	}
	return 0
}

func usualHan(r rune) int {
	switch {
	case commonHan[r]:
		return 1100
	case r >= 0x4e00 && r <= 0x9fff:
		return 780
	case r >= 0x3000 && r <= 0x303f, r >= 0xff01 && r <= 0xff5e:
		return 900
	}
	return 0
}

// commonHan are some of the most frequent characters of Chinese, in both of its scripts.
var commonHan = func() map[rune]bool {
	common := map[rune]bool{}
	for _, r := range "的一是不了在人有我他这这個个们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着下自之年过過发發后後作里用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開但因只从從想实實请請谢謝您电電脑腦网網络絡公司问題题问問系统統无無法邮件郵" {
		common[r] = true
	}
	return common
}()
