// Package running starts kmsak's programs for the judges that are written in Go; each ends with the test that started it.
package running

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program starts a program, and gives what it writes. It may be one with what runs it before it, as in `qemu-aarch64 kmsak-csi`.
func Program(t *testing.T, program string, arguments ...string) *bufio.Reader {
	t.Helper()
	words := append(strings.Fields(program), arguments...)
	command := exec.Command(words[0], words[1:]...)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	return bufio.NewReader(output)
}

// Kmsak starts the program that KMSAK_BIN names, and reads its first line, a JSON object, into `into`.
func Kmsak(t *testing.T, into any, arguments ...string) {
	t.Helper()
	line, err := Program(t, os.Getenv("KMSAK_BIN"), arguments...).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, into); err != nil {
		t.Fatal(err)
	}
}

// Agent starts an agent for the KMS whose emulator has its files in `folder`: its address and its token.
func Agent(t *testing.T, folder string) (string, string) {
	t.Helper()
	var said struct{ Listening string }
	token := filepath.Join(folder, "token")
	Kmsak(t, &said, "serve", "--config", filepath.Join(folder, "on_the_cloud.properties"), "--secret", "acs/ram/user/app",
		"--listen", "127.0.0.1:0", "--token-file", token)
	content, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	return said.Listening, strings.TrimSpace(string(content))
}
