// Package demo plays a helpdesk's day over real SMTP against a running helpost, and shows what became of each mail.
//
// It is the newcomer's first look: the people are invented, the mails are sloppy, and nothing in it is faked. It decides
// nothing; it writes mails, and reads those that come back.
package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"time"

	"helpost/internal/sop"
)

// The people of the story.
const (
	Helpdesk = "helpdesk@company.com"
	rina     = "rina.wijaya@company.com"
	james    = "james.whitfield@company.com"
	hendra   = "hendra.gunawan@company.com"
	andi     = "andi.saputra@company.com"
	rudi     = "rudi.hartono@company.com"
	sari     = "sari.dewi@company.com"
	manager  = "manager.ti@company.com"
	outsider = "sales@promo.example"
)

// People is the directory of the story, as people.csv.
const People = `address,name,department,asset_code,language,role
rina.wijaya@company.com,Rina Wijaya,,,id,
james.whitfield@company.com,James Whitfield,Engineering,ENG-LT-019,en,
hendra.gunawan@company.com,Hendra Gunawan,Logistik,,id,
`

// Scene is one step of the story: a line for who watches, and a mail.
type Scene struct {
	Says string
	Mail func(*Post) Letter // nil: time alone passes
	// Answers names the kind of notice that must have come back before the story goes on; "": a moment is enough.
	Answers sop.Kind
	To      string // who gets that notice
	Hidden  bool   // sent by nobody's mail client: through no relay that proves the sender
}

// Letter is a mail of the story.
type Letter struct {
	From, Name, To string
	Subject, Text  string
	InReplyTo      string
	Picture        []byte

	raw []byte // as it was sent, so that it can be sent again
}

// Story is the helpdesk's day.
func Story() []Scene {
	return []Scene{
		{"Rina reports from her phone, in a hurry, with a picture of her screen and without her department.", func(*Post) Letter {
			return Letter{From: rina, Name: "Rina Wijaya", Subject: "printer error lagi!!", Text: "pagi mas, printer lt 3 macet lagi dr td pagi, ga bisa nyetak laporan :(\nkode aset NB-FIN-0113\n\nDikirim dari iPhone saya", Picture: screen()}
		}, sop.KindMissing, rina, false},
		{"She answers the question, top-posted, from Outlook on the phone: it joins her ticket and fills the gap.", func(p *Post) Letter {
			return p.reply(rina, sop.KindMissing, "dept keuangan mas, makasih", true)
		}, sop.KindUpdate, rudi, false},
		{"The same mail a second time (her phone was not sure): nothing happens twice.", func(p *Post) Letter { return p.again() }, "", "", false},
		{"James reports in English; the directory knows his department.", func(*Post) Letter {
			return Letter{From: james, Name: "James Whitfield", Subject: "VPN keeps dropping", Text: "Hi team,\n\nmy VPN client drops every hour since the update. I can still work from the office network.\nThere is no error message, it just disconnects.\n\nBest regards,\nJames Whitfield\nEngineering"}
		}, sop.KindAck, james, false},
		{"A core system is down: P1, and the lead hears of it at once.", func(*Post) Letter {
			return Letter{From: hendra, Name: "GUNAWAN, Hendra (Logistik)", Subject: "SAP mati di semua cabang", Text: "SAP tidak bisa diakses sama sekali, semua cabang berhenti kerja. Tolong segera!\n\nHendra"}
		}, sop.KindNew, sari, false},
		{"An offer from outside: 250 for the relay that brought it, quarantine for the mail, no answer.", func(*Post) Letter {
			return Letter{From: outsider, Name: "Promo", Subject: "Penawaran toner murah", Text: "Kami menawarkan toner murah."}
		}, "", "", false},
		{"Andi answers from his own mail client; one line takes the ticket.", func(p *Post) Letter {
			return p.reply(andi, sop.KindNew, "#ambil\nMbak Rina, saya ke lantai 3 sekarang.", false)
		}, sop.KindReply, rina, false},
		{"He writes a note for a colleague and mistypes the command: nothing goes out, and he is told how to mend it.", func(p *Post) Letter {
			return p.reply(andi, sop.KindNew, "#catatn\nIni sudah ketiga kali, rolnya aus.", false)
		}, sop.KindError, andi, false},
		{"Somebody writes in his name without proof: not obeyed, and the real Andi hears of it.", func(p *Post) Letter {
			return p.reply(andi, sop.KindNew, "#tutup sudah beres", false)
		}, sop.KindStatus, andi, true},
		{"The fix, and the question whether it helped.", func(p *Post) Letter {
			return p.reply(andi, sop.KindNew, "#selesai\nKertas yang tersangkut sudah diambil.", false)
		}, sop.KindResolved, rina, false},
		{"It did not.", func(p *Post) Letter { return p.reply(rina, sop.KindResolved, "masih error mas, macet lagi", true) }, sop.KindReopened, andi, false},
		{"A second fix.", func(p *Post) Letter {
			return p.reply(andi, sop.KindReopened, "#selesai\nRol penarik diganti, sudah dicoba 20 lembar.", false)
		}, sop.KindResolved, rina, false},
		{"Now it works: her word closes the ticket.", func(p *Post) Letter {
			return p.reply(rina, sop.KindResolved, "sudah bisa, makasih ya mas", true)
		}, sop.KindClosed, rina, false},
		{"James gets his fix, and says nothing: on the demo's clock (seconds for hours) he is reminded, and his ticket closes by itself.", func(p *Post) Letter {
			return p.replyAbout("VPN", andi, sop.KindNew, "#resolve\nWe rolled the client back to the version before the update.", false)
		}, sop.KindClosed, james, false},
		{"Nobody has answered Hendra's P1: the lead was told of the breach, and now it climbs to the manager.", nil, sop.KindEscalated, manager, false},
	}
}

// screen draws a picture that looks like an error on a screen.
func screen() []byte {
	img := image.NewPaletted(image.Rect(0, 0, 480, 270), color.Palette{color.RGBA{30, 60, 140, 255}, color.White, color.RGBA{200, 40, 40, 255}})
	for y := 80; y < 190; y++ {
		for x := 100; x < 380; x++ {
			img.SetColorIndex(x, y, 1)
		}
	}
	for y := 90; y < 110; y++ {
		for x := 110; x < 130+(y*7)%200; x++ {
			img.SetColorIndex(x, y, 2)
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img) // a paletted image of this size always encodes
	return out.Bytes()
}

// Play sends the story's mails one after the other and waits for what comes back.
func (p *Post) Play(ctx context.Context, send func(ctx context.Context, l *Letter, hidden bool) error) error {
	for _, s := range Story() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.Say("\n· " + s.Says)
		if s.Mail == nil { // time alone
			if err := p.await(ctx, s.Answers, s.To, 1); err != nil {
				return err
			}
			continue
		}
		since := p.count(s.Answers, s.To)
		l := s.Mail(p)
		if err := send(ctx, &l, s.Hidden); err != nil {
			return fmt.Errorf("%s: %w", l.Subject, err)
		}
		p.last = l
		if s.Answers == "" {
			continue
		}
		if err := p.await(ctx, s.Answers, s.To, since+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *Post) again() Letter { return p.last }

// reply answers the last notice of a kind that somebody got about the story's first ticket, as a mail client does.
func (p *Post) reply(who string, kind sop.Kind, text string, phone bool) Letter {
	return p.replyAbout("printer", who, kind, text, phone)
}

// replyAbout answers the last notice of a kind whose subject has a word.
func (p *Post) replyAbout(word, who string, kind sop.Kind, text string, phone bool) Letter {
	n := p.find(word, kind, who)
	intro := "\n\nPada " + time.Now().Format("02/01/2006 15.04") + ", IT Service Desk <" + Helpdesk + "> menulis:\n"
	if phone {
		intro = "\n\nDapatkan Outlook untuk iOS\n________________________________\nDari: IT Service Desk <" + Helpdesk + ">\nDikirim: " + time.Now().Format("02 January 2006 15:04") + "\nKepada: " + who + "\nPerihal: " + n.Subject + "\n\n"
	}
	quoted := n.Text
	if !phone {
		quoted = "> " + strings.ReplaceAll(strings.TrimRight(n.Text, "\n"), "\n", "\n> ")
	}
	return Letter{From: who, Name: names[who], To: n.ReplyTo, Subject: "Re: " + n.Subject, Text: text + intro + quoted, InReplyTo: n.MessageID}
}

var names = map[string]string{rina: "Rina Wijaya", andi: "Andi Saputra"}
