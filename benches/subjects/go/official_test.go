package main

import (
	"os"
	"testing"
)

// The time and the allocations of one cached read. KMSAK_BENCH_CONFIG names a properties file.
func BenchmarkCachedRead(b *testing.B) {
	const secret = "acs/ram/user/app"
	client, err := open(os.Getenv("KMSAK_BENCH_CONFIG"))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	if _, err := client.GetSecretInfo(secret); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.GetSecretInfo(secret); err != nil {
			b.Fatal(err)
		}
	}
}
