package parser

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

var charsetTexts = []struct {
	name    string
	codec   encoding.Encoding
	text    string
	guessed bool // found where nothing is declared
}{
	{"iso-8859-1", charmap.ISO8859_1, "Über die Café-Rechnung: à bientôt, señor", true},
	{"windows-1252", charmap.Windows1252, "It’s “broken” – naïve café, 5 €", true},
	{"iso-8859-15", charmap.ISO8859_15, "Prix: 5 €, œuvre", true},
	{"windows-1250", charmap.Windows1250, "Příliš žluťoučký kůň", true},
	{"iso-8859-2", charmap.ISO8859_2, "Drukarka na trzecim piętrze nie działa, proszę", true},
	{"windows-1253", charmap.Windows1253, "Ο εκτυπωτής δεν λειτουργεί, παρακαλώ", true},
	{"windows-1254", charmap.Windows1254, "Yazıcı çalışmıyor, lütfen bakın", true},
	{"windows-1255", charmap.Windows1255, "המדפסת לא עובדת, בבקשה לעזור", true},
	{"windows-1256", charmap.Windows1256, "الطابعة لا تعمل من فضلكم", true},
	{"windows-1257", charmap.Windows1257, "Spausdintuvas neveikia, prašau ateikite šiandien į kabinetą", true},
	{"windows-874", charmap.Windows874, "เครื่องพิมพ์เสีย ช่วยดูให้หน่อย", true},
	{"koi8-u", charmap.KOI8U, "Принтер не працює з ранку, їжак", true},
	{"windows-1251", charmap.Windows1251, "Здравствуйте, принтер не работает с утра", true},
	{"koi8-r", charmap.KOI8R, "Здравствуйте, принтер не работает с утра", true},
	{"iso-2022-jp", japanese.ISO2022JP, "プリンタが動きません。よろしくお願いします。", true},
	{"shift_jis", japanese.ShiftJIS, "プリンタが動きません。よろしくお願いします。", true},
	{"euc-jp", japanese.EUCJP, "プリンタが動きません。よろしくお願いします。", true},
	{"euc-kr", korean.EUCKR, "프린터가 작동하지 않습니다. 도와주세요.", true},
	{"ks_c_5601-1987", korean.EUCKR, "프린터가 작동하지 않습니다. 도와주세요.", true},
	{"gb2312", simplifiedchinese.GBK, "您好，打印机不能用了，请帮忙看一下，谢谢。", true},
	{"gb18030", simplifiedchinese.GB18030, "您好，打印机不能用了，请帮忙看一下，谢谢。", true},
	{"big5", traditionalchinese.Big5, "您好，印表機無法使用了，請幫忙看一下，謝謝。", true},
	{"utf-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "Printer é 打印机", true},
	{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "Printer é 打印机", false},
}

func TestDeclaredCharsets(t *testing.T) {
	for _, c := range charsetTexts {
		data, err := c.codec.NewEncoder().String(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, declared := range []string{c.name, strings.ToUpper(c.name), "\"" + c.name + "\"", "charset=" + c.name} {
			if got := decodeText([]byte(data), declared); got != c.text {
				t.Errorf("%s: %q, want %q", declared, got, c.text)
			}
		}
	}
}

func TestUndeclaredCharsetsAreGuessed(t *testing.T) {
	for _, c := range charsetTexts {
		if !c.guessed {
			continue
		}
		data, err := c.codec.NewEncoder().String(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, declared := range []string{"", "us-ascii", "x-unknown", "fakescii"} {
			if got := decodeText([]byte(data), declared); got != c.text {
				t.Errorf("%s declared as %q: %q, want %q", c.name, declared, got, c.text)
			}
		}
	}
}

func TestWrongDeclarations(t *testing.T) {
	for _, c := range []struct{ name, data, declared, want string }{
		{"UTF-8 called Latin-1", "macet é ü", "iso-8859-1", "macet é ü"},
		{"UTF-8 called GBK", "打印机坏了", "gbk", "打印机坏了"},
		{"Latin-1 called UTF-8", "caf\xe9 tutup", "utf-8", "café tutup"},
		{"Latin-1 among UTF-8", "é é é caf\xe9", "utf-8", "é é é café"},
		{"a UTF-8 character cut off", "é é é \xc3", "utf-8", "é é é Ã"},
		{"ASCII called UTF-16", "hanya ASCII", "us-ascii", "hanya ASCII"},
		{"UTF-7", "Hi Mom -+Jjo--! 1 +- 1", "utf-7", "Hi Mom -☺-! 1 + 1"},
		{"UTF-7 that is none", "a+b c+d", "utf-7", "a+b c+d"},
		{"a byte order mark", "\xef\xbb\xbfisi", "iso-8859-1", "isi"},
		{"ISO-2022-KR", "\x1b$)C\x0eGA\x0f ok", "iso-2022-kr", "프 ok"},
		{"NUL and CR", "a\x00b\r\nc\rd", "utf-8", "ab\nc\nd"},
		{"nothing", "", "utf-8", ""},
	} {
		if got := decodeText([]byte(c.data), c.declared); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
