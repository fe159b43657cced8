// Against the server that clients/with-server starts.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { before, test } from "node:test";

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { GRPCInferenceService } from "slipway-client/inference/grpc_inference_service";
import { ArtifactService } from "slipway-client/slipway/artifact/v1/artifact_service";
import { RegistryService } from "slipway-client/slipway/registry/v1/registry_service";
import { Stage } from "slipway-client/slipway/registry/v1/stage";
import { ServingService } from "slipway-client/slipway/serving/v1/serving_service";
import { DataType } from "slipway-client/slipway/serving/v1/tensor";
import { TrackingService } from "slipway-client/slipway/tracking/v1/tracking_service";

const MIB = 1 << 20;

let tracking, artifacts, registry, serving, inference;

before(() => {
  const address = process.env.SLIPWAY_GRPC;
  assert.ok(address, "SLIPWAY_GRPC is not set: run this as clients/with-server npm test --prefix clients/node");
  const transport = createGrpcTransport({ baseUrl: `http://${address}`, defaultTimeoutMs: 300_000 });
  [tracking, artifacts, registry, serving, inference] = [
    TrackingService,
    ArtifactService,
    RegistryService,
    ServingService,
    GRPCInferenceService,
  ].map((service) => createClient(service, transport));
});

async function startRun() {
  return (await tracking.createRun({ experimentId: "0" })).info;
}

async function upload(path, content) {
  async function* requests() {
    yield { message: { case: "spec", value: { path } } };
    for (let offset = 0; offset < content.length; offset += MIB) {
      const data = content.subarray(offset, offset + MIB);
      yield { message: { case: "chunk", value: { offset: BigInt(offset), data } } };
    }
  }
  return (await artifacts.upload(requests())).artifact;
}

async function download(source) {
  const parts = [];
  for await (const { message } of artifacts.download({ source })) {
    if (message.case === "chunk") parts.push(message.value.data);
  }
  return Buffer.concat(parts);
}

function floats(count) {
  return new Uint8Array(new Float32Array(count).buffer);
}

function expectProbabilities(raw, rows) {
  assert.equal(raw.length, rows * 10 * 4);
  const values = new Float32Array(raw.slice().buffer);
  for (let row = 0; row < rows; row++) {
    const sum = values.subarray(row * 10, row * 10 + 10).reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - 1) < 1e-4, `the probabilities of row ${row} add up to ${sum}`);
  }
}

test("streamed metrics are acknowledged and come back", async () => {
  const { runId } = await startRun();
  const values = [0.5, Infinity, NaN, -0.25];
  async function* requests() {
    yield { message: { case: "open", value: { runId, writerId: "node" } } };
    for (const [step, value] of values.entries()) {
      yield {
        message: {
          case: "batch",
          value: {
            seq: BigInt(step + 1),
            names: ["loss"],
            step: [BigInt(step)],
            timestampMs: [BigInt(Date.now())],
            value: [value],
          },
        },
      };
    }
  }

  let committed = 0n;
  for await (const { message } of tracking.streamMetrics(requests())) {
    if (message.case === "ack") committed = message.value.committedSeq;
  }

  assert.equal(committed, BigInt(values.length));
  const { points } = await tracking.getMetricHistory({ runId, metricKey: "loss" });
  assert.deepEqual(points.value, values);
});

test("a bad request names the field", async () => {
  await assert.rejects(tracking.getRun({ runId: "nonsense" }), (failure) => {
    assert.ok(failure instanceof ConnectError);
    assert.equal(failure.code, Code.InvalidArgument);
    assert.match(failure.message, /run_id/);
    return true;
  });
});

test("an uploaded file comes down byte for byte", async () => {
  const content = randomBytes(3_000_000);

  const uploaded = await upload("node/random.bin", content);
  const downloaded = await download({ case: "path", value: "node/random.bin" });

  assert.equal(uploaded.sha256, createHash("sha256").update(content).digest("hex"));
  assert.ok(downloaded.equals(content));
});

test("a model is uploaded, registered, promoted, and predicts", async () => {
  const { runId, artifactUri } = await startRun();
  const name = `node-${runId}`;
  const folder = `${artifactUri.replace("mlflow-artifacts:/", "")}/model`;
  const held = await registry.resolveVersion({
    name: "digits",
    selector: { case: "stage", value: Stage.PRODUCTION },
  });
  const manifest = await artifacts.getManifest({ digest: held.modelVersion.packageDigest });
  for (const file of manifest.entries) {
    await upload(`${folder}/${file.path}`, await download({ case: "sha256", value: file.sha256 }));
  }

  await registry.createRegisteredModel({ name });
  const registered = await registry.createModelVersion({ name, source: `runs:/${runId}/model` });
  const promoted = await registry.transitionStage({
    name,
    version: registered.version,
    stage: Stage.PRODUCTION,
  });
  const answer = await serving.predict({
    model: name,
    selector: { choice: { case: "stage", value: Stage.PRODUCTION } },
    input: {
      case: "tensors",
      value: {
        tensors: [
          {
            name: "pixels",
            dataType: DataType.FP32,
            shape: [2n, 64n],
            contents: { case: "raw", value: floats(2 * 64) },
          },
        ],
      },
    },
  });

  assert.equal(promoted.modelVersion.runId, runId);
  assert.equal(answer.provenance.packageDigest, registered.packageDigest);
  expectProbabilities(answer.output.value.tensors[0].contents.value, 2);
});

test("the Open Inference Protocol takes a stage as version", async () => {
  const answer = await inference.modelInfer({
    modelName: "digits",
    modelVersion: "Production",
    id: "1",
    inputs: [{ name: "pixels", datatype: "FP32", shape: [3n, 64n] }],
    rawInputContents: [floats(3 * 64)],
  });

  assert.equal(answer.id, "1");
  assert.equal(answer.modelVersion, "2");
  expectProbabilities(answer.rawOutputContents[0], 3);
});
