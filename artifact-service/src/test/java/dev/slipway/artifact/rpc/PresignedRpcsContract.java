package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Calls.declared;
import static dev.slipway.artifact.rpc.Failures.assertFails;
import static dev.slipway.artifact.rpc.Failures.assertInvalid;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.artifact.v1.AbortUploadRequest;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.CompleteUploadRequest;
import dev.slipway.artifact.v1.CompletedPart;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlResponse;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsResponse;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.artifact.v1.UploadPartUrl;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.artifact.v1.UploadState;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.messages.Item;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds what presigned URLs promise on every store that has them. */
abstract class PresignedRpcsContract {
  private static final int MEBIBYTE = 1 << 20;
  private static final int PART = 5 * MEBIBYTE;

  private final HttpClient http = HttpClient.newHttpClient();
  private Calls calls;

  /** Returns a channel of a server whose bytes lie in the store. */
  abstract Channel channel();

  /** Returns where the store is. */
  abstract MinioSettings settings();

  /** Checks what the store says to a part of an upload that was ended. */
  abstract void assertRefusedAfterAbort(int httpStatus);

  @BeforeEach
  void connect() {
    calls = new Calls(channel());
  }

  private CreateUploadUrlsResponse begin(UploadSpec spec) throws StatusException {
    return begin(CreateUploadUrlsRequest.newBuilder().setSpec(spec));
  }

  private CreateUploadUrlsResponse begin(CreateUploadUrlsRequest.Builder request)
      throws StatusException {
    if (request.getSpec().hasSizeBytes()) {
      request.setPartSizeBytes(PART);
    }
    return calls.stub().createUploadUrls(request.build());
  }

  private HttpResponse<String> send(String url, byte[] bytes)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(url)).PUT(BodyPublishers.ofByteArray(bytes)).build(),
        BodyHandlers.ofString());
  }

  private String sendPart(UploadPartUrl part, byte[] bytes) throws Exception {
    HttpResponse<String> response = send(part.getUrl(), bytes);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("ETag").orElseThrow();
  }

  private static byte[] slice(UploadPartUrl part, byte[] file) {
    return Arrays.copyOfRange(
        file, (int) part.getOffset(), (int) (part.getOffset() + part.getSizeBytes()));
  }

  private CompleteUploadRequest sendAll(CreateUploadUrlsResponse upload, byte[] file)
      throws Exception {
    CompleteUploadRequest.Builder complete =
        CompleteUploadRequest.newBuilder().setUploadId(upload.getUploadId());
    for (UploadPartUrl part : upload.getPartsList()) {
      complete.addParts(completed(part.getPartNumber(), sendPart(part, slice(part, file))));
    }
    return complete.build();
  }

  private static CompletedPart completed(int number, String etag) {
    return CompletedPart.newBuilder().setPartNumber(number).setEtag(etag).build();
  }

  private Artifact stat(String path) throws StatusException {
    return calls.stub().stat(StatRequest.newBuilder().setPath(path).build()).getArtifact();
  }

  private void assertAbsent(String path) {
    assertFails(() -> stat(path), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
  }

  private QueryUploadResponse query(String uploadId) throws StatusException {
    return calls.stub().queryUpload(QueryUploadRequest.newBuilder().setUploadId(uploadId).build());
  }

  /** Returns what lies in the store of uploads that are under way. */
  private List<String> staged() throws Exception {
    MinioClient client =
        MinioClient.builder()
            .endpoint(settings().endpoint())
            .region(settings().region())
            .credentials(settings().accessKey(), settings().secretKey())
            .build();
    try {
      List<String> names = new ArrayList<>();
      for (Result<Item> item :
          client.listObjects(
              ListObjectsArgs.builder()
                  .bucket(settings().bucket())
                  .prefix("uploads/")
                  .recursive(true)
                  .build())) {
        names.add(item.get().objectName());
      }
      return names;
    } finally {
      client.close();
    }
  }

  // Up.

  @ParameterizedTest
  @ValueSource(ints = {0, 1, PART, 2 * PART + 12_345})
  void upload_inParts_appearsWholeAtTheEnd(int size) throws Exception {
    byte[] bytes = Bytes.random(size, size);
    CreateUploadUrlsResponse upload = begin(declared("d/größe 1.bin", bytes));
    assertThat(upload.getPartCount()).isEqualTo(Math.max(1, (size + PART - 1) / PART));
    assertThat(upload.getPartSizeBytes()).isEqualTo(PART);
    CompleteUploadRequest complete = sendAll(upload, bytes);
    assertAbsent("d/größe 1.bin");
    assertThat(query(upload.getUploadId()).getState())
        .isEqualTo(UploadState.UPLOAD_STATE_RECEIVING);

    UploadResponse response = calls.stub().completeUpload(complete);

    assertThat(response.getAlreadyPresent()).isFalse();
    assertThat(response.getArtifact().getSha256()).isEqualTo(Bytes.content(bytes).sha256().hex());
    assertThat(stat("d/größe 1.bin")).isEqualTo(response.getArtifact());
    assertThat(Arrays.equals(calls.get("d/größe 1.bin"), bytes)).isTrue();
    assertThat(query(upload.getUploadId()).getState()).isEqualTo(UploadState.UPLOAD_STATE_COMPLETE);
    assertThat(staged()).isEmpty();
    assertThat(calls.stub().completeUpload(complete).getArtifact())
        .as("again")
        .isEqualTo(response.getArtifact());
  }

  @Test
  void upload_ofUnknownSizeAndDigest_isComputedAndSniffed() throws Exception {
    byte[] first = "text\n".repeat(PART / 5).getBytes(UTF_8);
    CreateUploadUrlsResponse upload =
        begin(
            CreateUploadUrlsRequest.newBuilder()
                .setSpec(UploadSpec.newBuilder().setPath("a"))
                .setPartCount(3));
    assertThat(upload.getPartsCount()).isEqualTo(3);

    // Not all parts are needed.
    UploadResponse response =
        calls
            .stub()
            .completeUpload(
                CompleteUploadRequest.newBuilder()
                    .setUploadId(upload.getUploadId())
                    .addParts(completed(1, sendPart(upload.getParts(0), first)))
                    .addParts(completed(2, sendPart(upload.getParts(1), "end".getBytes(UTF_8))))
                    .build());

    assertThat(response.getArtifact().getSizeBytes()).isEqualTo(first.length + 3);
    assertThat(response.getArtifact().getContentType()).isEqualTo("text/plain");
    assertThat(calls.get("a")).endsWith("text\nend".getBytes(UTF_8));
  }

  @Test
  void upload_ofStoredContent_isPublishedAtOnce() throws Exception {
    byte[] bytes = Bytes.random(1, 1000);
    calls.put("a", bytes);

    CreateUploadUrlsResponse upload = begin(declared("b", bytes));

    assertThat(upload.getArtifact()).isEqualTo(stat("b"));
    assertThat(upload.getPartsList()).isEmpty();
    assertThat(upload.getUploadId()).isEmpty();
  }

  @Test
  void upload_withARequestId_isResumedAndThenAnsweredAsDone() throws Exception {
    byte[] bytes = Bytes.random(2, PART + 100);
    var request =
        CreateUploadUrlsRequest.newBuilder().setSpec(declared("a", bytes)).setRequestId("try-1");
    CreateUploadUrlsResponse first = begin(request);
    String etag = sendPart(first.getParts(0), slice(first.getParts(0), bytes));

    CreateUploadUrlsResponse again = begin(request);

    assertThat(again.getUploadId()).isEqualTo(first.getUploadId());
    assertThat(etag).contains(again.getParts(0).getStoredEtag());
    assertThat(again.getParts(0).getStoredEtag()).isNotEmpty();
    assertThat(again.getParts(1).getStoredEtag()).isEmpty();
    CompleteUploadRequest complete =
        CompleteUploadRequest.newBuilder()
            .setUploadId(again.getUploadId())
            .addParts(completed(1, again.getParts(0).getStoredEtag()))
            .addParts(completed(2, sendPart(again.getParts(1), slice(again.getParts(1), bytes))))
            .build();
    Artifact artifact = calls.stub().completeUpload(complete).getArtifact();
    assertThat(begin(request).getArtifact()).isEqualTo(artifact);
    assertFails(
        () -> begin(request.setSpec(declared("other", bytes))),
        Code.FAILED_PRECONDITION,
        "UPLOAD_SPEC_CHANGED");
  }

  @Test
  void urls_ofAnOpenUpload_areAnsweredAnewInPages() throws Exception {
    byte[] bytes = Bytes.random(3, 2 * PART + 1);
    CreateUploadUrlsResponse first =
        begin(CreateUploadUrlsRequest.newBuilder().setSpec(declared("a", bytes)).setMaxUrls(1));
    assertThat(first.getPartsList()).hasSize(1);
    assertThat(first.getPartCount()).isEqualTo(3);

    CreateUploadUrlsResponse rest =
        calls
            .stub()
            .createUploadUrls(
                CreateUploadUrlsRequest.newBuilder()
                    .setUploadId(first.getUploadId())
                    .setFirstPartNumber(2)
                    .build());

    assertThat(rest.getPartsList()).extracting(UploadPartUrl::getPartNumber).containsExactly(2, 3);
    assertThat(rest.getParts(1).getSizeBytes()).isEqualTo(1);
    assertFails(
        () ->
            calls
                .stub()
                .createUploadUrls(
                    CreateUploadUrlsRequest.newBuilder()
                        .setUploadId(first.getUploadId())
                        .setSpec(declared("b", bytes))
                        .build()),
        Code.FAILED_PRECONDITION,
        "UPLOAD_SPEC_CHANGED");
    assertInvalid(
        () ->
            calls
                .stub()
                .createUploadUrls(
                    CreateUploadUrlsRequest.newBuilder()
                        .setUploadId(first.getUploadId())
                        .setFirstPartNumber(4)
                        .build()),
        "first_part_number");
  }

  @Test
  void complete_otherBytesThanDeclared_isRefusedAndLeavesNothing() throws Exception {
    byte[] bytes = Bytes.random(4, PART + 10);
    byte[] others = Bytes.random(5, PART + 10);
    CreateUploadUrlsResponse upload = begin(declared("a", bytes));
    CompleteUploadRequest complete = sendAll(upload, others);

    assertFails(
        () -> calls.stub().completeUpload(complete), Code.INVALID_ARGUMENT, "DIGEST_MISMATCH");

    assertAbsent("a");
    assertFails(() -> query(upload.getUploadId()), Code.NOT_FOUND, "UPLOAD_NOT_FOUND");
    assertThat(staged()).isEmpty();
  }

  @Test
  void part_withMoreOrFewerBytesThanPlanned_isRefusedByTheStore() throws Exception {
    byte[] bytes = Bytes.random(6, PART + 10);
    CreateUploadUrlsResponse upload = begin(declared("a", bytes));
    String url = upload.getParts(1).getUrl();

    assertThat(send(url, new byte[9]).statusCode()).isEqualTo(403);
    assertThat(send(url, new byte[11]).statusCode()).isEqualTo(403);

    assertThat(send(url, new byte[10]).statusCode()).isEqualTo(200);
    assertThat(query(upload.getUploadId()).getCommittedSizeBytes()).isEqualTo(10);
  }

  @Test
  void complete_withoutTags_takesWhatTheStoreHas() throws Exception {
    byte[] bytes = Bytes.random(16, PART + 10);
    CreateUploadUrlsResponse upload = begin(declared("a", bytes));
    CompleteUploadRequest complete =
        CompleteUploadRequest.newBuilder().setUploadId(upload.getUploadId()).build();
    String unused = sendPart(upload.getParts(1), slice(upload.getParts(1), bytes));
    assertThat(
            assertFails(
                    () -> calls.stub().completeUpload(complete),
                    Code.FAILED_PRECONDITION,
                    "PART_MISSING")
                .getMetadataOrThrow("part_number"))
        .isEqualTo("1");
    unused = sendPart(upload.getParts(0), slice(upload.getParts(0), bytes));
    assertThat(query(upload.getUploadId()).getCommittedSizeBytes()).isEqualTo(bytes.length);

    assertThat(calls.stub().completeUpload(complete).getArtifact()).isEqualTo(stat("a"));
    assertThat(Arrays.equals(calls.get("a"), bytes)).isTrue();
  }

  @Test
  void complete_withoutTagsAndSize_isRefused() throws Exception {
    CreateUploadUrlsResponse upload =
        begin(
            CreateUploadUrlsRequest.newBuilder()
                .setSpec(UploadSpec.newBuilder().setPath("a"))
                .setPartCount(3));
    String unused = sendPart(upload.getParts(0), new byte[10]);

    assertInvalid(
        () ->
            calls
                .stub()
                .completeUpload(
                    CompleteUploadRequest.newBuilder().setUploadId(upload.getUploadId()).build()),
        "parts");
  }

  @Test
  void complete_partThatIsNotThere_isRefusedAndKept() throws Exception {
    byte[] bytes = Bytes.random(7, PART + 10);
    CreateUploadUrlsResponse upload = begin(declared("a", bytes));
    CompleteUploadRequest.Builder complete =
        CompleteUploadRequest.newBuilder()
            .setUploadId(upload.getUploadId())
            .addParts(completed(1, sendPart(upload.getParts(0), slice(upload.getParts(0), bytes))));
    CompleteUploadRequest half = complete.build();
    CompleteUploadRequest wrong = complete.clone().addParts(completed(2, "abc")).build();

    for (CompleteUploadRequest request : List.of(half, wrong)) {
      assertThat(
              assertFails(
                      () -> calls.stub().completeUpload(request),
                      Code.FAILED_PRECONDITION,
                      "PART_MISSING")
                  .getMetadataOrThrow("part_number"))
          .isEqualTo("2");
    }

    complete.addParts(completed(2, sendPart(upload.getParts(1), slice(upload.getParts(1), bytes))));
    assertThat(calls.stub().completeUpload(complete.build()).getArtifact()).isEqualTo(stat("a"));
  }

  @Test
  void complete_pathThatBecameADirectory_isRefusedAndKept() throws Exception {
    byte[] bytes = Bytes.random(8, 10);
    CreateUploadUrlsResponse upload = begin(declared("a", bytes));
    CompleteUploadRequest complete = sendAll(upload, bytes);
    calls.put("a/b", Bytes.random(9, 10));

    assertFails(
        () -> calls.stub().completeUpload(complete),
        Code.FAILED_PRECONDITION,
        "PATH_IS_A_DIRECTORY");

    assertThat(query(upload.getUploadId()).getState())
        .isEqualTo(UploadState.UPLOAD_STATE_RECEIVING);
    assertFails(
        () -> begin(declared("a/b/c", bytes)), Code.FAILED_PRECONDITION, "PARENT_IS_A_FILE");
    assertFails(
        () -> begin(declared("a/b", bytes).toBuilder().setCreateOnly(true).build()),
        Code.ALREADY_EXISTS,
        "ARTIFACT_ALREADY_EXISTS");
  }

  @Test
  void abort_openUpload_isGone() throws Exception {
    byte[] bytes = Bytes.random(10, PART + 10);
    CreateUploadUrlsResponse upload = begin(declared("a", bytes));
    String etag = sendPart(upload.getParts(0), slice(upload.getParts(0), bytes));
    var abort = AbortUploadRequest.newBuilder().setUploadId(upload.getUploadId()).build();

    var unused = calls.stub().abortUpload(abort);
    var again = calls.stub().abortUpload(abort);

    assertThat(again).isNotNull();
    assertRefusedAfterAbort(send(upload.getParts(1).getUrl(), new byte[10]).statusCode());
    assertFails(
        () ->
            calls
                .stub()
                .completeUpload(
                    CompleteUploadRequest.newBuilder()
                        .setUploadId(upload.getUploadId())
                        .addParts(completed(1, etag))
                        .build()),
        Code.NOT_FOUND,
        "UPLOAD_NOT_FOUND");
    assertFails(
        () ->
            calls
                .stub()
                .createUploadUrls(
                    CreateUploadUrlsRequest.newBuilder().setUploadId(upload.getUploadId()).build()),
        Code.NOT_FOUND,
        "UPLOAD_NOT_FOUND");
  }

  @Test
  void partUrl_expiredOrAltered_isRefusedByTheStore() throws Exception {
    byte[] bytes = Bytes.random(11, 10);
    CreateUploadUrlsResponse upload =
        begin(
            CreateUploadUrlsRequest.newBuilder()
                .setSpec(declared("a", bytes))
                .setLifetime(Duration.newBuilder().setSeconds(1)));
    String url = upload.getParts(0).getUrl();
    Thread.sleep(2100);

    assertThat(send(url, bytes).statusCode()).as("expired").isEqualTo(403);
    CreateUploadUrlsResponse renewed =
        calls
            .stub()
            .createUploadUrls(
                CreateUploadUrlsRequest.newBuilder().setUploadId(upload.getUploadId()).build());
    String good = renewed.getParts(0).getUrl();
    assertThat(renewed.getParts(0).getStoredEtag()).isEmpty();
    assertThat(send(good.replace("partNumber=1", "partNumber=2"), bytes).statusCode())
        .as("altered")
        .isEqualTo(403);
    assertThat(send(good, bytes).statusCode()).isEqualTo(200);
    assertAbsent("a");
  }

  @Test
  void createUploadUrls_badRequest_tellsAllViolations() {
    assertInvalid(
        () ->
            calls
                .stub()
                .createUploadUrls(
                    CreateUploadUrlsRequest.newBuilder()
                        .setSpec(
                            UploadSpec.newBuilder()
                                .setPath("../a")
                                .setSizeBytes(1)
                                .setSha256("x")
                                .build())
                        .setPartSizeBytes(1)
                        .setFirstPartNumber(-1)
                        .setMaxUrls(-1)
                        .setLifetime(Duration.newBuilder().setSeconds(8 * 86_400))
                        .setRequestId("a b")
                        .build()),
        "spec.path",
        "spec.sha256",
        "part_size_bytes",
        "first_part_number",
        "max_urls",
        "lifetime",
        "request_id");
    assertInvalid(
        () -> calls.stub().createUploadUrls(CreateUploadUrlsRequest.getDefaultInstance()), "spec");
    assertInvalid(
        () ->
            calls
                .stub()
                .createUploadUrls(
                    CreateUploadUrlsRequest.newBuilder()
                        .setSpec(UploadSpec.newBuilder().setPath("a"))
                        .build()),
        "part_count");
    assertInvalid(
        () ->
            calls
                .stub()
                .completeUpload(
                    CompleteUploadRequest.newBuilder()
                        .addParts(completed(2, "x"))
                        .addParts(completed(1, ""))
                        .build()),
        "upload_id",
        "parts[0].part_number",
        "parts[1].part_number",
        "parts[1].etag");
  }

  // Down.

  private CreateDownloadUrlResponse downloadUrl(CreateDownloadUrlRequest.Builder request)
      throws StatusException {
    return calls.stub().createDownloadUrl(request.build());
  }

  private HttpResponse<byte[]> read(String url, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), BodyHandlers.ofByteArray());
  }

  @Test
  void downloadUrl_ofAnArtifact_isReadInRangesUnderItsName() throws Exception {
    byte[] bytes = Bytes.random(12, 100_000);
    calls.put("d/größe 1.txt", bytes);

    CreateDownloadUrlResponse response =
        downloadUrl(CreateDownloadUrlRequest.newBuilder().setPath("d/größe 1.txt"));

    assertThat(response.getArtifact()).isEqualTo(stat("d/größe 1.txt"));
    HttpResponse<byte[]> whole = read(response.getUrl());
    assertThat(whole.body()).isEqualTo(bytes);
    assertThat(whole.headers().firstValue("Content-Type")).hasValue("text/plain");
    assertThat(whole.headers().firstValue("Content-Disposition"))
        .hasValue("attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.txt");
    assertThat(read(response.getUrl(), "Range", "bytes=500-999").body())
        .isEqualTo(Arrays.copyOfRange(bytes, 500, 1000));
    CreateDownloadUrlResponse byDigest =
        downloadUrl(
            CreateDownloadUrlRequest.newBuilder()
                .setSha256(Bytes.content(bytes).sha256().hex())
                .setFileName("b"));
    assertThat(byDigest.getArtifact().getPath()).isEmpty();
    assertThat(read(byDigest.getUrl()).body()).isEqualTo(bytes);
  }

  @Test
  void downloadUrl_expiredOrAltered_isRefusedByTheStore() throws Exception {
    calls.put("a", Bytes.random(13, 10));
    calls.put("b", Bytes.random(14, 10));
    String url =
        downloadUrl(
                CreateDownloadUrlRequest.newBuilder()
                    .setPath("a")
                    .setLifetime(Duration.newBuilder().setSeconds(1)))
            .getUrl();
    String good = downloadUrl(CreateDownloadUrlRequest.newBuilder().setPath("a")).getUrl();
    String first = Bytes.content(Bytes.random(13, 10)).sha256().hex();
    String second = Bytes.content(Bytes.random(14, 10)).sha256().hex();
    String altered =
        good.replace(first.substring(0, 2) + "/" + first, second.substring(0, 2) + "/" + second);
    Thread.sleep(2100);

    assertThat(read(url).statusCode()).as("expired").isEqualTo(403);
    assertThat(altered).isNotEqualTo(good);
    assertThat(read(altered).statusCode()).as("altered").isEqualTo(403);
  }

  @Test
  void createDownloadUrl_ofWhatIsNotThere_isRefused() throws Exception {
    calls.put("d/a", Bytes.random(15, 10));

    assertFails(
        () -> downloadUrl(CreateDownloadUrlRequest.newBuilder().setPath("x")),
        Code.NOT_FOUND,
        "ARTIFACT_NOT_FOUND");
    assertFails(
        () -> downloadUrl(CreateDownloadUrlRequest.newBuilder().setSha256("0".repeat(64))),
        Code.NOT_FOUND,
        "ARTIFACT_NOT_FOUND");
    assertFails(
        () -> downloadUrl(CreateDownloadUrlRequest.newBuilder().setPath("d")),
        Code.FAILED_PRECONDITION,
        "PATH_IS_A_DIRECTORY");
    assertInvalid(
        () ->
            downloadUrl(
                CreateDownloadUrlRequest.newBuilder()
                    .setLifetime(Duration.newBuilder().setNanos(1))
                    .setFileName("a/b")),
        "source",
        "lifetime",
        "file_name");
  }
}
