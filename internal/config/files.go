package config

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// exists checks that a file or folder is there, and makes its path absolute.
func (k *checker) exists(path string, name *string, folder bool) {
	if *name == "" {
		return
	}
	*name = k.resolve(*name)
	info, err := os.Stat(*name)
	switch {
	case err != nil:
		k.fail(path, "%s: %s: %s", key(path), *name, cause(err))
	case folder && !info.IsDir():
		k.fail(path, "%s: %s is no folder", key(path), *name)
	case !folder && info.IsDir():
		k.fail(path, "%s: %s is a folder, not a file", key(path), *name)
	}
}

// secrets reads the lines of a file that holds a secret, each at least so many bytes long. Empty lines do not count.
func (k *checker) secrets(path string, name *string, least int) []string {
	text, ok := k.private(path, name)
	if !ok {
		return nil
	}
	var lines []string
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(line) < least {
			k.fail(path, "%s: line %d of %s is too short to be a secret: at least %d characters", key(path), i+1, *name, least)
			return nil
		}
		lines = append(lines, line)
	}
	return lines
}

// private reads a file that only we may read, and says where others may.
func (k *checker) private(path string, name *string) (string, bool) {
	*name = k.resolve(*name)
	data, err := readFile(*name)
	if err != nil {
		k.fail(path, "%s: %s: %s", key(path), *name, cause(err))
		return "", false
	}
	if info, err := os.Stat(*name); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		k.warn(path, fmt.Sprintf("%s: others may read %s (mode %04o); run: chmod 600 %s", key(path), *name, info.Mode().Perm(), *name))
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))
	if text == "" {
		k.fail(path, "%s: %s is empty", key(path), *name)
		return "", false
	}
	return text, true
}

// dkimKey checks a private key (PEM: PKCS #8, or PKCS #1 for RSA). The mailer reads it for itself.
func (k *checker) dkimKey(path string, name *string) {
	text, ok := k.private(path, name)
	if !ok {
		return
	}
	if _, err := parseSigner([]byte(text)); err != nil {
		k.fail(path, "dkim_key: %s: %v", *name, err)
	}
}

func parseSigner(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New(`no private key in it; it must begin with "-----BEGIN PRIVATE KEY-----"`)
	}
	var parsed any
	var err error
	if block.Type == "RSA PRIVATE KEY" {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("not a private key: %w", err)
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < 1024 { // RFC 8301 §3.2
			return nil, fmt.Errorf("an RSA key of %d bits is too short; take 2048", key.N.BitLen())
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, errors.New("DKIM knows RSA and Ed25519 keys only")
}
