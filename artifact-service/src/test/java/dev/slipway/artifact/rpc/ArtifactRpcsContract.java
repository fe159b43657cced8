package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Calls.chunk;
import static dev.slipway.artifact.rpc.Calls.declared;
import static dev.slipway.artifact.rpc.Calls.finish;
import static dev.slipway.artifact.rpc.Failures.assertFails;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.ListResponse;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds what files over the wire promise on every store of bytes. */
abstract class ArtifactRpcsContract {
  static final byte[] HELLO = "hello, artifacts\n".getBytes(UTF_8);

  @TempDir Path folder;
  Calls calls;

  /** Returns a channel to the service, which has {@code folder} for its rows and its spool. */
  abstract Channel channel();

  /** Opens the store of bytes; the caller closes. */
  abstract BlobStore openBlobs();

  /** Opens the service over a store of bytes. */
  final ArtifactModule open(ArtifactConfig.Store store) {
    return ArtifactModule.open(
        new ArtifactConfig(
            TestDatabases.h2(folder),
            store,
            folder.resolve("uploads"),
            ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
        new MetricRegistry(),
        Clock.systemUTC());
  }

  @BeforeEach
  final void connect() {
    calls = new Calls(channel());
  }

  final Entry stat(String path) throws StatusException {
    return calls.stub().stat(StatRequest.newBuilder().setPath(path).build());
  }

  final List<String> list(String path) throws StatusException {
    return calls
        .stub()
        .list(ListRequest.newBuilder().setPath(path).setRecursive(true).build())
        .getEntriesList()
        .stream()
        .map(Entry::getPath)
        .toList();
  }

  final QueryUploadResponse query(String uploadId) throws StatusException {
    return calls.stub().queryUpload(QueryUploadRequest.newBuilder().setUploadId(uploadId).build());
  }

  final List<Path> spooled() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("uploads"))) {
      return files.toList();
    }
  }

  final void assertNothingIsThere() throws Exception {
    assertThat(list("")).isEmpty();
    assertThat(spooled()).isEmpty();
    assertFails(() -> stat("a"), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
    try (BlobStore blobs = openBlobs()) {
      assertThat(blobs.list(Optional.empty(), 10)).isEmpty();
    }
  }

  /** Reads what is left of a download whose header was read. */
  static byte[] rest(BlockingClientCall<?, DownloadResponse> call) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (DownloadResponse next = call.read(); next != null; next = call.read()) {
      next.getChunk().getData().writeTo(bytes);
    }
    return bytes.toByteArray();
  }

  @Test
  void upload_unicodeName_isKept() throws Exception {
    String path = "Größe/モデル 😀/key+step+0.txt";

    calls.put(path, HELLO);

    assertThat(stat(path).getName()).isEqualTo("key+step+0.txt");
    assertThat(list("")).containsExactly(path);
    assertThat(calls.get(path)).isEqualTo(HELLO);
  }

  @Test
  void upload_declaredContentIsStored_answersWithoutBytes() throws Exception {
    calls.put("a", HELLO);
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(declared("b/c", HELLO));

    UploadResponse response = call.read();

    assertThat(response).isNotNull();
    assertThat(response.getAlreadyPresent()).isTrue();
    assertThat(calls.get("b/c")).isEqualTo(HELLO);
  }

  @Test
  void upload_wrongDigest_isRefusedAndDiscarded() throws Exception {
    byte[] other = Bytes.random(1, HELLO.length);
    UploadSpec spec = declared("a", HELLO).toBuilder().setUploadId("u").build();

    assertFails(() -> calls.put(spec, other, 5), Code.INVALID_ARGUMENT, "DIGEST_MISMATCH");

    assertNothingIsThere();
    assertFails(() -> query("u"), Code.NOT_FOUND, "UPLOAD_NOT_FOUND");
  }

  @Test
  void upload_emptyFile_isThereAndEmpty() throws Exception {
    UploadResponse response = calls.put(declared("d/empty", new byte[0]), new byte[0], 100);

    assertThat(response.getArtifact().getSizeBytes()).isZero();
    assertThat(calls.get("d/empty")).isEmpty();
    assertThat(stat("d/empty").getArtifact()).isEqualTo(response.getArtifact());
  }

  @Test
  void upload_wrongOffset_isRefusedWithTheExpectedOne() throws Exception {
    for (int offset : new int[] {0, 4, 6}) {
      BlockingClientCall<UploadRequest, UploadResponse> call =
          calls.upload(UploadSpec.newBuilder().setPath("a").build());
      call.write(chunk(HELLO, 0, 5));
      call.write(chunk(HELLO, offset, 5));

      var info = assertFails(() -> finish(call), Code.OUT_OF_RANGE, "OFFSET_MISMATCH");

      assertThat(info.getMetadataMap()).containsEntry("expected_offset", "5");
    }
    assertNothingIsThere();
  }

  @Test
  void upload_manyToOnePath_endsWithOneOfThemWhole() throws Exception {
    List<byte[]> contents = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      contents.add(Bytes.random(i, 300_000 + i));
    }
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      List<Future<Artifact>> uploads = new ArrayList<>();
      for (byte[] bytes : contents) {
        uploads.add(threads.submit(() -> calls.put("shared/file", bytes)));
      }
      for (Future<Artifact> upload : uploads) {
        upload.get();
      }
    } finally {
      threads.shutdownNow();
    }
    byte[] last = calls.get("shared/file");
    assertThat(contents).anyMatch(bytes -> Arrays.equals(bytes, last));
  }

  @Test
  void download_whileDeletedAndReplaced_goesOnToTheEnd() throws Exception {
    byte[] bytes = Bytes.random(4, 8 << 20);
    calls.put("a", bytes);
    BlockingClientCall<?, DownloadResponse> call =
        calls.stub().download(DownloadRequest.newBuilder().setPath("a").build());
    assertThat(call.read().hasHeader()).isTrue();

    calls.stub().delete(DeleteRequest.newBuilder().setPath("a").build());
    calls.put("a", HELLO);

    assertThat(Arrays.equals(rest(call), bytes)).isTrue();
    assertThat(calls.get("a")).isEqualTo(HELLO);
  }

  @Test
  void list_pages_giveEachOnceInOrder() throws Exception {
    for (int i = 0; i < 11; i++) {
      calls.put("d/f" + i, HELLO);
      calls.put("d/s" + i + "/x", HELLO);
    }
    List<Entry> seen = new ArrayList<>();
    ListRequest.Builder request = ListRequest.newBuilder().setPath("d").setPageSize(4);
    ListResponse page;
    do {
      page = calls.stub().list(request.build());
      assertThat(page.getEntriesCount()).isLessThanOrEqualTo(4);
      seen.addAll(page.getEntriesList());
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());

    assertThat(seen).extracting(Entry::getName).hasSize(22).isSorted().doesNotHaveDuplicates();
    assertThat(seen).filteredOn(Entry::hasDirectory).hasSize(11);
    assertThat(seen.get(0).getPath()).isEqualTo("d/f0");
    assertThat(seen.get(0).getArtifact().getPath()).isEqualTo("d/f0");
  }
}
