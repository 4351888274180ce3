package mailauth

import (
	"maps"
	"strings"
	"testing"
)

func TestResultsAreReadWhole(t *testing.T) {
	for _, c := range []struct {
		header, server string
		list           []result
	}{
		{"mx.company.com; none", "mx.company.com", nil},
		{"MX.Company.com 1; none (nothing checked)", "mx.company.com", nil},
		{"mx.company.com (host (nested \\) comment)) ; spf=pass smtp.mailfrom=a@b.com", "mx.company.com",
			[]result{{"spf", "pass", map[string]string{"smtp.mailfrom": "a@b.com"}}}},
		{`"mx.company.com" ; DKIM/1 = Pass (2048-bit key) reason="good; really" header.d=b.com header . i = @b.com header.b=ab/c+d==; dmarc=pass(p=none)header.from="b.com"`, "mx.company.com",
			[]result{{"dkim", "pass", map[string]string{"reason": "good; really", "header.d": "b.com", "header.i": "@b.com", "header.b": "ab/c+d=="}}, {"dmarc", "pass", map[string]string{"header.from": "b.com"}}}},
		{"mx; spf=pass smtp.mailfrom=<>", "mx", []result{{"spf", "pass", map[string]string{"smtp.mailfrom": ""}}}},
		{`mx; spf=pass smtp.mailfrom=""`, "mx", []result{{"spf", "pass", map[string]string{"smtp.mailfrom": ""}}}},
		{`mx; spf=fail smtp.mailfrom="x; dmarc=pass header.from=company.com; spf=none a=b"@evil.example`, "mx",
			[]result{{"spf", "fail", map[string]string{"smtp.mailfrom": `"x; dmarc=pass header.from=company.com; spf=none a=b"@evil.example`}}}},
		{"mx; iprev=pass policy.iprev=2001:db8::1", "mx", []result{{"iprev", "pass", map[string]string{"policy.iprev": "2001:db8::1"}}}},
		{"mx; dmarc=pass action=none header.from=b.com;compauth=pass reason=100", "mx",
			[]result{{"dmarc", "pass", map[string]string{"action": "none", "header.from": "b.com"}}, {"compauth", "pass", map[string]string{"reason": "100"}}}},
		{"mx; spf=pass smtp.mailfrom=SRS0=x=y=b.com=a@c.com", "mx", []result{{"spf", "pass", map[string]string{"smtp.mailfrom": "SRS0=x=y=b.com=a@c.com"}}}},
		{"mx; dmarc=pass header.from=bücher.example", "mx", []result{{"dmarc", "pass", map[string]string{"header.from": "bücher.example"}}}},
	} {
		got, err := parseResults(c.header)
		if err != nil || got.server != c.server || len(got.list) != len(c.list) {
			t.Errorf("%q: %+v, %v", c.header, got, err)
			continue
		}
		for i, r := range got.list {
			if w := c.list[i]; r.method != w.method || r.value != w.value || !maps.Equal(r.props, w.props) {
				t.Errorf("%q: result %d is %+v, want %+v", c.header, i, r, w)
			}
		}
	}
}

func TestHalfReadableResultsAreUnreadable(t *testing.T) {
	for _, header := range []string{
		"", " ", ";", "; none", "mx", "mx;", "mx; ", "mx 2; none", "mx 1 1; none", "mx.company.com/1; none", "mx none",
		"mx; none; dmarc=pass", "mx; none x",
		"mx; dmarc", "mx; dmarc=", "mx; =pass", "mx; dmarc==pass", "mx; dmarc=pass;", "mx; dmarc=pass;;", "mx;; dmarc=pass",
		"mx; dmarc/2=pass header.from=b.com", "mx; dmarc/=pass",
		"mx; dmarc=pass header.from", "mx; dmarc=pass header.from=", "mx; dmarc=pass header.=b.com", "mx; dmarc=pass .from=b.com", "mx; dmarc=pass header from=b.com",
		"mx; dmarc=pass foo=bar", "mx; dmarc=pass stray header.from=b.com", "mx; dmarc=pass, header.from=b.com",
		"mx; dmarc=pass header.from=b.com header.from=c.com", "mx; dkim=pass header.d=a.com HEADER.D=b.com", "mx; dmarc=pass reason=a reason=b",
		`mx; dmarc=pass header.from="b.com`, `mx; dmarc=pass header.from="b.com\`, `mx; dmarc=pass header.from="b.com"x`, `mx; dmarc=pass header.from=b.com"x"`, `mx; dmarc=pass header.from="a"@`, `mx; spf=pass smtp.mailfrom="a"@b@c`,
		"mx (open; dmarc=pass header.from=b.com", "mx; dmarc=pass (open header.from=b.com", "mx; dmarc=pass (open (a) header.from=b.com", "mx) ; none",
		"mx; dmarc=pass header.from=b.com\r\nX: y", "mx; dmarc=pass\x00 header.from=b.com", "mx; dmarc=pass header.from=b.com\xff", "mx; dmarc=pass header.from=b.com\u0085", "mx; dmarc=pass header.from=b\u2028.com",
		"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=b.com; dmarc=pass header.from=b.com", `"mx x"; none`, "mx,mx; none",
		"mx; " + strings.Repeat("spf=pass; ", maxResults) + "spf=pass",
	} {
		if got, err := parseResults(header); err == nil || len(got.list) > 0 {
			t.Errorf("%q is read as %+v", header, got)
		}
	}
}

// The server of an unreadable header is known where it can be: nothing below that header counts in its stead.
func TestServerOfAnUnreadableHeader(t *testing.T) {
	for header, server := range map[string]string{
		"mx; dmarc=pass ;;": "mx", "mx 7; none": "mx", "MX (open": "mx", "mx": "mx", `"mx"`: "mx",
		"(open mx; none": "", "": "", "=mx; none": "", `"mx`: "", "mx\x01; none": "",
	} {
		if got, err := parseResults(header); err == nil || got.server != server {
			t.Errorf("%q: server %q, %v", header, got.server, err)
		}
	}
}
