module kmsak.io/interop/running

go 1.26.0
