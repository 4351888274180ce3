package gateway

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/flow.md follows one mail by signatures that exist.
func TestFlowNamesSignaturesThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/flow.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range []string{"take.go", "bind.go", "settle.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(source)
	}
	signatures := regexp.MustCompile(`(?m)^func .*$`).FindAllString(string(page), -1)
	if len(signatures) != 5 {
		t.Fatalf("flow.md has %d signatures, want one for each of the five stages", len(signatures))
	}
	for _, s := range signatures {
		if !strings.Contains(code.String(), s+" {\n") {
			t.Errorf("flow.md names a function that is not there: %s", s)
		}
	}
}
