package server

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// roots are the authorities that are trusted for https to peers: the system's
// and those of extra_ca; nil stands for the system's alone. A file of which one
// part cannot be read stops the start: who names it relies on all of it.
func (c FederationConfig) roots() (*x509.CertPool, error) {
	if c.ExtraCA == "" {
		return nil, nil //nolint:nilnil // crypto/tls has nil for the system's
	}
	rest, err := os.ReadFile(filepath.Clean(c.ExtraCA))
	if err != nil {
		return nil, fmt.Errorf("federation.extra_ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("federation.extra_ca: the system's authorities: %w", err)
	}
	for n := 1; ; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if n == 1 {
				return nil, fmt.Errorf("federation.extra_ca: no certificate in %s: it must be a PEM file", c.ExtraCA)
			}
			return pool, nil
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("federation.extra_ca: block %d of %s is a %s, not a certificate", n, c.ExtraCA, block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("federation.extra_ca: certificate %d of %s: %w", n, c.ExtraCA, err)
		}
		pool.AddCert(cert)
	}
}
