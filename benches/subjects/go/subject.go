// Command go is the official Go client as a subject of the benchmarks: see benches/README.md for the protocol.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk"
)

type subject struct {
	config, secret string
	client         *sdk.SecretManagerCacheClient
}

func main() {
	phase("started")
	if len(os.Args) != 3 {
		fail(errors.New("usage: subject CONFIG SECRET"))
	}
	it := &subject{config: os.Args[1], secret: os.Args[2]}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			break
		}
		if err := it.obey(words[0], words[1:]); err != nil {
			fail(fmt.Errorf("%s: %w", words[0], err))
		}
	}
	if it.client != nil {
		it.client.Close()
	}
}

func (it *subject) obey(command string, words []string) error {
	switch command {
	case "load":
		phase("loaded")
		return nil
	case "open":
		client, err := open(it.config)
		it.client = client
		if err == nil {
			phase("opened")
		}
		return err
	case "first":
		_, err := it.accessKeyID(it.secret)
		if err == nil {
			phase("first")
		}
		return err
	case "hang":
		go func() {
			// It fails when the hanging connection ends, which nobody waits for.
			_, _ = it.client.RefreshNow(it.secret)
		}()
		say(map[string]any{"begun": true})
		return nil
	case "read":
		return it.read(number(words[0]), number(words[1]))
	case "slowest":
		return it.slowest(number(words[0]))
	case "many":
		crowd(number(words[0]), words[1:], func(name string) bool {
			_, err := it.accessKeyID(name)
			return err == nil
		})
		return nil
	case "renew":
		held := map[string]string{}
		for _, name := range words[1:] {
			id, err := it.accessKeyID(name)
			if err != nil {
				return err
			}
			held[name] = id
		}
		crowd(number(words[0]), words[1:], func(name string) bool {
			if _, err := it.client.RefreshNow(name); err != nil {
				return false
			}
			id, err := it.accessKeyID(name)
			return err == nil && id != held[name]
		})
		return nil
	}
	return errors.New("no such command")
}

func (it *subject) accessKeyID(name string) (string, error) {
	info, err := it.client.GetSecretInfo(name)
	if err != nil {
		return "", err
	}
	var accessKey struct{ AccessKeyId string }
	err = json.Unmarshal([]byte(info.SecretValue), &accessKey)
	return accessKey.AccessKeyId, err
}

func (it *subject) read(threads, reads int) error {
	var begin, end sync.WaitGroup
	begin.Add(1)
	failures := make(chan error, threads)
	for range threads {
		end.Add(1)
		go func() {
			defer end.Done()
			begin.Wait()
			for range reads {
				if _, err := it.client.GetSecretInfo(it.secret); err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	began := time.Now()
	begin.Done()
	end.Wait()
	say(map[string]any{"nanoseconds": time.Since(began).Nanoseconds()})
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func (it *subject) slowest(reads int) error {
	var most time.Duration
	for range reads {
		began := time.Now()
		if _, err := it.client.GetSecretInfo(it.secret); err != nil {
			return err
		}
		most = max(most, time.Since(began))
	}
	say(map[string]any{"nanoseconds": most.Nanoseconds()})
	return nil
}

func crowd(threads int, names []string, succeeds func(string) bool) {
	var begin, end sync.WaitGroup
	var lock sync.Mutex
	failed := 0
	begin.Add(1)
	for range threads {
		end.Add(1)
		go func() {
			defer end.Done()
			begin.Wait()
			for _, name := range names {
				if !succeeds(name) {
					lock.Lock()
					failed++
					lock.Unlock()
				}
			}
		}()
	}
	began := time.Now()
	begin.Done()
	end.Wait()
	say(map[string]any{"seconds": time.Since(began).Seconds(), "failed": failed})
}

func number(word string) int {
	value, err := strconv.Atoi(word)
	if err != nil {
		fail(err)
	}
	return value
}

func phase(name string) {
	say(map[string]any{"phase": name, "at": time.Now().UnixNano()})
}

func say(line map[string]any) {
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
