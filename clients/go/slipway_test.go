package slipway_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"dev.slipway/gen/go/inference"
	artifact "dev.slipway/gen/go/slipway/artifact/v1"
	registry "dev.slipway/gen/go/slipway/registry/v1"
	serving "dev.slipway/gen/go/slipway/serving/v1"
	tracking "dev.slipway/gen/go/slipway/tracking/v1"
)

// Against the server that clients/with-server starts.
func connect(t *testing.T) (context.Context, *grpc.ClientConn) {
	t.Helper()
	address := os.Getenv("SLIPWAY_GRPC")
	if address == "" {
		t.Fatal("SLIPWAY_GRPC is not set: run this as clients/with-server go test -C clients/go ./...")
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx, connection
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func startRun(t *testing.T, ctx context.Context, connection *grpc.ClientConn) *tracking.RunInfo {
	t.Helper()
	run, err := tracking.NewTrackingServiceClient(connection).CreateRun(ctx, &tracking.CreateRunRequest{ExperimentId: "0"})
	check(t, err)
	return run.GetInfo()
}

func TestStreamedMetricsAreAcknowledgedAndComeBack(t *testing.T) {
	ctx, connection := connect(t)
	client := tracking.NewTrackingServiceClient(connection)
	run := startRun(t, ctx, connection).GetRunId()
	values := []float64{0.5, math.Inf(1), math.NaN(), -0.25}

	stream, err := client.StreamMetrics(ctx)
	check(t, err)
	check(t, stream.Send(&tracking.StreamMetricsRequest{Message: &tracking.StreamMetricsRequest_Open{
		Open: &tracking.OpenMetricStream{RunId: run, WriterId: "go"},
	}}))
	for i, value := range values {
		check(t, stream.Send(&tracking.StreamMetricsRequest{Message: &tracking.StreamMetricsRequest_Batch{
			Batch: &tracking.MetricBatch{
				Seq: int64(i + 1), Names: []string{"loss"}, Step: []int64{int64(i)},
				TimestampMs: []int64{time.Now().UnixMilli()}, Value: []float64{value},
			},
		}}))
	}
	check(t, stream.CloseSend())
	var committed int64
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		committed = max(committed, answer.GetAck().GetCommittedSeq())
	}
	if committed != int64(len(values)) {
		t.Errorf("%d batches are acknowledged, %d were sent", committed, len(values))
	}

	history, err := client.GetMetricHistory(ctx, &tracking.GetMetricHistoryRequest{RunId: run, MetricKey: "loss"})
	check(t, err)
	same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
	if got := history.GetPoints().GetValue(); !slices.EqualFunc(got, values, same) {
		t.Errorf("got %v, logged %v", got, values)
	}
}

func TestABadRequestNamesTheField(t *testing.T) {
	ctx, connection := connect(t)

	_, err := tracking.NewTrackingServiceClient(connection).GetRun(ctx, &tracking.GetRunRequest{RunId: "nonsense"})

	if status.Code(err) != codes.InvalidArgument || !strings.Contains(status.Convert(err).Message(), "run_id") {
		t.Errorf("got %v", err)
	}
}

func upload(ctx context.Context, client artifact.ArtifactServiceClient, path string, content []byte) (*artifact.Artifact, error) {
	stream, err := client.Upload(ctx)
	if err != nil {
		return nil, err
	}
	// A send that meets io.EOF was answered early: CloseAndRecv says how.
	err = stream.Send(&artifact.UploadRequest{Message: &artifact.UploadRequest_Spec{Spec: &artifact.UploadSpec{Path: path}}})
	offset := 0
	for chunk := range slices.Chunk(content, 1<<20) {
		if err != nil {
			break
		}
		err = stream.Send(&artifact.UploadRequest{Message: &artifact.UploadRequest_Chunk{
			Chunk: &artifact.UploadChunk{Offset: int64(offset), Data: chunk},
		}})
		offset += len(chunk)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	answer, err := stream.CloseAndRecv()
	return answer.GetArtifact(), err
}

func download(ctx context.Context, client artifact.ArtifactServiceClient, request *artifact.DownloadRequest) ([]byte, error) {
	stream, err := client.Download(ctx, request)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return content.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		content.Write(message.GetChunk().GetData())
	}
}

func TestAnUploadedFileComesDownByteForByte(t *testing.T) {
	ctx, connection := connect(t)
	client := artifact.NewArtifactServiceClient(connection)
	content := make([]byte, 3_000_000)
	_, _ = rand.Read(content)

	uploaded, err := upload(ctx, client, "go/random.bin", content)
	check(t, err)
	downloaded, err := download(ctx, client, &artifact.DownloadRequest{
		Source: &artifact.DownloadRequest_Path{Path: "go/random.bin"},
	})
	check(t, err)

	if digest := sha256.Sum256(content); uploaded.GetSha256() != hex.EncodeToString(digest[:]) {
		t.Errorf("the server counts %s, the bytes are %x", uploaded.GetSha256(), digest)
	}
	if !bytes.Equal(content, downloaded) {
		t.Errorf("%d bytes went up, others came down: %d", len(content), len(downloaded))
	}
}

func TestAModelIsUploadedRegisteredPromotedAndPredicts(t *testing.T) {
	ctx, connection := connect(t)
	artifacts := artifact.NewArtifactServiceClient(connection)
	models := registry.NewRegistryServiceClient(connection)
	run := startRun(t, ctx, connection)
	copyPackage(t, ctx, connection, "digits", strings.TrimPrefix(run.GetArtifactUri(), "mlflow-artifacts:/")+"/model", artifacts)

	name := "go-" + run.GetRunId()
	_, err := models.CreateRegisteredModel(ctx, &registry.CreateRegisteredModelRequest{Name: name})
	check(t, err)
	registered, err := models.CreateModelVersion(ctx, &registry.CreateModelVersionRequest{
		Name: name, Source: fmt.Sprintf("runs:/%s/model", run.GetRunId()),
	})
	check(t, err)
	promoted, err := models.TransitionStage(ctx, &registry.TransitionStageRequest{
		Name: name, Version: registered.GetVersion(), Stage: registry.Stage_STAGE_PRODUCTION,
	})
	check(t, err)
	if promoted.GetModelVersion().GetRunId() != run.GetRunId() {
		t.Errorf("the version comes from run %q, not from %q", promoted.GetModelVersion().GetRunId(), run.GetRunId())
	}

	pixels := make([]float32, 2*64)
	answer, err := serving.NewServingServiceClient(connection).Predict(ctx, &serving.PredictRequest{
		Model:    name,
		Selector: &serving.VersionSelector{Choice: &serving.VersionSelector_Stage{Stage: registry.Stage_STAGE_PRODUCTION}},
		Input: &serving.PredictRequest_Tensors{Tensors: &serving.Tensors{Tensors: []*serving.Tensor{{
			Name: "pixels", DataType: serving.DataType_DATA_TYPE_FP32, Shape: []int64{2, 64},
			Contents: &serving.Tensor_Raw{Raw: littleEndian(pixels)},
		}}}},
	})
	check(t, err)
	if answer.GetProvenance().GetPackageDigest() != registered.GetPackageDigest() {
		t.Errorf("package %s answered, %s is registered", answer.GetProvenance().GetPackageDigest(), registered.GetPackageDigest())
	}
	expectProbabilities(t, answer.GetTensors().GetTensors()[0].GetRaw(), 2)
}

func TestTheOpenInferenceProtocolTakesAStageAsVersion(t *testing.T) {
	ctx, connection := connect(t)

	answer, err := inference.NewGRPCInferenceServiceClient(connection).ModelInfer(ctx, &inference.ModelInferRequest{
		ModelName: "digits", ModelVersion: "Production", Id: "1",
		Inputs:           []*inference.ModelInferRequest_InferInputTensor{{Name: "pixels", Datatype: "FP32", Shape: []int64{3, 64}}},
		RawInputContents: [][]byte{littleEndian(make([]float32, 3*64))},
	})
	check(t, err)

	if answer.GetId() != "1" || answer.GetModelVersion() != "2" {
		t.Errorf("request %q was answered by version %q", answer.GetId(), answer.GetModelVersion())
	}
	expectProbabilities(t, answer.GetRawOutputContents()[0], 3)
}

// copyPackage uploads the files of the Production version of a model anew, below a folder.
func copyPackage(
	t *testing.T, ctx context.Context, connection *grpc.ClientConn, model, folder string, artifacts artifact.ArtifactServiceClient,
) {
	t.Helper()
	held, err := registry.NewRegistryServiceClient(connection).ResolveVersion(ctx, &registry.ResolveVersionRequest{
		Name: model, Selector: &registry.ResolveVersionRequest_Stage{Stage: registry.Stage_STAGE_PRODUCTION},
	})
	check(t, err)
	manifest, err := artifacts.GetManifest(ctx, &artifact.GetManifestRequest{Digest: held.GetModelVersion().GetPackageDigest()})
	check(t, err)
	for _, file := range manifest.GetEntries() {
		content, err := download(ctx, artifacts, &artifact.DownloadRequest{
			Source: &artifact.DownloadRequest_Sha256{Sha256: file.GetSha256()},
		})
		check(t, err)
		_, err = upload(ctx, artifacts, folder+"/"+file.GetPath(), content)
		check(t, err)
	}
}

func littleEndian(values []float32) []byte {
	raw := make([]byte, 0, 4*len(values))
	for _, value := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(value))
	}
	return raw
}

func expectProbabilities(t *testing.T, raw []byte, rows int) {
	t.Helper()
	if len(raw) != rows*10*4 {
		t.Fatalf("%d bytes are not %d rows of 10 probabilities", len(raw), rows)
	}
	for row := range rows {
		var sum float64
		for column := range 10 {
			sum += float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(10*row+column):])))
		}
		if math.Abs(sum-1) > 1e-4 {
			t.Errorf("the probabilities of row %d add up to %f", row, sum)
		}
	}
}
