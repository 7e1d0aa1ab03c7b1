module kmsak.io/interop/csi

go 1.26.0

replace kmsak.io/interop/running => ../running

require (
	kmsak.io/interop/running v0.0.0
	google.golang.org/grpc v1.85.0
	sigs.k8s.io/secrets-store-csi-driver v1.4.8
)

require (
	github.com/go-logr/logr v1.4.4 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	k8s.io/apimachinery v0.26.4 // indirect
	k8s.io/klog/v2 v2.100.1 // indirect
)
