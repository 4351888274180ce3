package gateway

import (
	"bytes"
	"slices"
	"strings"

	"helpost/parser"
	"helpost/workflow"
)

// private are the sums of the files of an agent's mail that stay with the desk: they name his own address, which is not
// shown to others (contract §5), and are about nothing but himself.
func (g *Gateway) private(m *workflow.Mail, files []parser.Attachment) []string {
	agent, ok := g.Policy.Agent(m.From.Address)
	if !ok {
		return nil
	}
	var all []string
	for _, f := range files {
		if signs(f.ContentType) || !g.ShowAddress && isCard(f) && names(f.Data, append(slices.Clone(agent.Aliases), agent.Address)) {
			all = append(all, f.SHA256)
		}
	}
	return all
}

// signs says whether a file is a signature of the mail that it came in, or the key to one. It holds for no other mail, and
// names the agent's address.
func signs(contentType string) bool {
	switch strings.ToLower(contentType) {
	case "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "application/pgp-keys":
		return true
	}
	return false
}

// isCard says whether a file is a card with somebody's addresses (RFC 6350), as some mail clients add to each mail.
func isCard(f parser.Attachment) bool {
	switch strings.ToLower(f.ContentType) {
	case "text/vcard", "text/x-vcard", "text/directory":
		return true
	}
	return strings.HasSuffix(strings.ToLower(f.Filename), ".vcf")
}

// names says whether one of these addresses, in lower case, stands in some bytes.
func names(data []byte, addresses []string) bool {
	low := bytes.ToLower(data)
	return slices.ContainsFunc(addresses, func(a string) bool { return bytes.Contains(low, []byte(a)) })
}
