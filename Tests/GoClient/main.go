// A client of another TLS library than ours: shakes hands, writes the bytes of a file, and prints the first frame that
// comes back as a quoted string.
//
//	client ADDRESS CERTIFICATE KEY CA FILE
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

func run(address, certificate, key, authority, file string) error {
	own, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return err
	}
	trusted, err := os.ReadFile(authority)
	if err != nil {
		return err
	}
	hello, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(trusted)
	dialer := net.Dialer{Timeout: 20 * time.Second}
	connection, err := tls.DialWithDialer(&dialer, "tcp", address, &tls.Config{
		Certificates: []tls.Certificate{own}, RootCAs: pool, MinVersion: tls.VersionTLS13,
	})
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if _, err := connection.Write(hello); err != nil {
		return err
	}
	header := make([]byte, 16)
	if _, err := io.ReadFull(connection, header); err != nil {
		return err
	}
	length := binary.LittleEndian.Uint32(header)
	if length < 16 || length > 1<<20 {
		return fmt.Errorf("a frame of %d bytes", length)
	}
	payload := make([]byte, length-16)
	if _, err := io.ReadFull(connection, payload); err != nil {
		return err
	}
	fmt.Printf("%q\n", payload)
	return nil
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: client ADDRESS CERTIFICATE KEY CA FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}
