package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Calls.chunk;
import static dev.slipway.artifact.rpc.Calls.declared;
import static dev.slipway.artifact.rpc.Calls.finish;
import static dev.slipway.artifact.rpc.Failures.assertFails;
import static dev.slipway.artifact.rpc.Failures.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.FileSystemBlobStore;
import dev.slipway.artifact.content.UnsafePaths;
import dev.slipway.artifact.v1.AbortUploadRequest;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.CompleteUploadRequest;
import dev.slipway.artifact.v1.CompletedPart;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.DeleteResponse;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.ReleaseSnapshotRequest;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.artifact.v1.UploadState;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactGrpcServiceTest extends ArtifactRpcsContract {
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> List.of(open(new ArtifactConfig.Folder(folder.resolve("store")))));

  @Override
  Channel channel() {
    return server.channel();
  }

  @Override
  BlobStore openBlobs() {
    return new FileSystemBlobStore(folder.resolve("store"));
  }

  /** Returns how many bytes there are of an upload that may not have begun yet. */
  private long committed(String uploadId) throws StatusException {
    try {
      return query(uploadId).getCommittedSizeBytes();
    } catch (StatusException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
      return 0;
    }
  }

  // Upload.

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 99_999, 100_000, 100_001, 3 << 20})
  void upload_anySize_comesBackEqual(int size) throws Exception {
    byte[] bytes = Bytes.random(size, size);

    UploadResponse response = calls.put(declared("d/file.bin", bytes), bytes, 100_000);

    assertThat(response.getAlreadyPresent()).isFalse();
    assertThat(response.getArtifact().getPath()).isEqualTo("d/file.bin");
    assertThat(response.getArtifact().getSizeBytes()).isEqualTo(size);
    assertThat(response.getArtifact().getSha256()).isEqualTo(Bytes.content(bytes).sha256().hex());
    assertThat(response.getArtifact().hasCreateTime()).isTrue();
    assertThat(calls.get("d/file.bin")).isEqualTo(bytes);
    assertThat(spooled()).isEmpty();
  }

  @Test
  void upload_chunkOfOneMebibyte_isTaken() throws Exception {
    byte[] bytes = Bytes.random(1, 1 << 20);

    calls.put(declared("a", bytes), bytes, 1 << 20);

    assertThat(calls.get("a")).isEqualTo(bytes);
  }

  @Test
  void upload_samePathAgain_replacesContentAndKeepsCreateTime() throws Exception {
    Artifact first = calls.put("a", HELLO);
    byte[] other = Bytes.random(2, 10);

    Artifact second = calls.put("a", other);

    assertThat(calls.get("a")).isEqualTo(other);
    assertThat(second.getCreateTime()).isEqualTo(first.getCreateTime());
  }

  @Test
  void upload_contentType_isDeclaredElseNamedElseSniffed() throws Exception {
    UploadSpec spec = UploadSpec.newBuilder().setPath("x").setContentType("image/x-own").build();
    assertThat(calls.put(spec, HELLO, 100).getArtifact().getContentType()).isEqualTo("image/x-own");
    assertThat(calls.put("MLmodel", HELLO).getContentType()).isEqualTo("text/plain");
    assertThat(calls.put("noname", HELLO).getContentType()).isEqualTo("text/plain");
    byte[] binary = {0, 1, 2};
    assertThat(calls.put("binary", binary).getContentType()).isEqualTo("application/octet-stream");
    // No bytes were sent for this one.
    assertThat(calls.put(declared("noname2", HELLO), HELLO, 100).getArtifact().getContentType())
        .isEqualTo("text/plain");
  }

  @Test
  void upload_declaredContentIsStoredWithOtherSize_isRefused() throws Exception {
    calls.put("a", HELLO);
    UploadSpec spec = declared("b", HELLO).toBuilder().setSizeBytes(3).build();

    assertFails(() -> calls.put(spec, HELLO, 100), Code.INVALID_ARGUMENT, "SIZE_MISMATCH");
    assertThat(list("")).containsExactly("a");
  }

  @Test
  void upload_storeHasLostTheContent_takesTheBytesAgain() throws Exception {
    Artifact artifact = calls.put("a", HELLO);
    String hex = artifact.getSha256();
    Files.delete(folder.resolve("store/blobs/" + hex.substring(0, 2) + "/" + hex));
    assertFails(() -> calls.get("a"), Code.DATA_LOSS, "CONTENT_DAMAGED");

    calls.put(declared("a", HELLO), HELLO, 100);

    assertThat(calls.get("a")).isEqualTo(HELLO);
  }

  @Test
  void upload_cutAtRandomPoints_resumesAndIsEqual() throws Exception {
    byte[] bytes = Bytes.random(7, 2_000_003);
    UploadSpec spec = declared("big", bytes).toBuilder().setUploadId("up-1").build();
    Random random = new Random(7);
    int offset = 0;
    int streams = 0;
    UploadResponse response = null;
    while (response == null) {
      BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(spec);
      int before = offset;
      int chunks = 1 + random.nextInt(5);
      for (int i = 0; i < chunks && offset < bytes.length; i++) {
        int length = Math.min(1 + random.nextInt(90_000), bytes.length - offset);
        call.write(chunk(bytes, offset, length));
        offset += length;
      }
      if (offset == bytes.length) {
        response = finish(call);
      } else {
        // A stream that begins only after the next one would take the upload over from that.
        while (committed("up-1") <= before) {
          Thread.sleep(1);
        }
        call.cancel("cut", null);
        assertThat(list("")).isEmpty();
        offset = (int) query("up-1").getCommittedSizeBytes();
      }
      streams++;
    }
    assertThat(streams).isGreaterThan(5);
    assertThat(response.getArtifact().getSha256()).isEqualTo(Bytes.content(bytes).sha256().hex());
    assertThat(Arrays.equals(calls.get("big"), bytes)).isTrue();
    assertThat(query("up-1").getState()).isEqualTo(UploadState.UPLOAD_STATE_COMPLETE);
    assertThat(query("up-1").getCommittedSizeBytes()).isEqualTo(bytes.length);
    assertThat(query("up-1").getArtifact()).isEqualTo(response.getArtifact());
    assertThat(spooled()).isEmpty();
  }

  @Test
  void upload_resumedEarlierThanCommitted_replacesWhatLiesBehind() throws Exception {
    byte[] bytes = Bytes.random(8, 1000);
    UploadSpec spec = declared("a", bytes).toBuilder().setUploadId("u").build();
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(spec);
    call.write(chunk(Bytes.random(9, 1000), 0, 900));
    awaitCommitted("u", 900);

    BlockingClientCall<UploadRequest, UploadResponse> second = calls.upload(spec);
    second.write(chunk(bytes, 0, 400));
    second.write(chunk(bytes, 400, 600));

    assertThat(finish(second).getArtifact().getSizeBytes()).isEqualTo(1000);
    assertFails(() -> finish(call), Code.ABORTED, "UPLOAD_TAKEN_OVER");
    assertThat(calls.get("a")).isEqualTo(bytes);
  }

  private void awaitCommitted(String uploadId, long bytes) throws Exception {
    for (int i = 0; i < 12_000; i++) {
      try {
        if (query(uploadId).getCommittedSizeBytes() == bytes) {
          return;
        }
      } catch (StatusException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
      }
      Thread.sleep(5);
    }
    throw new AssertionError("not committed in time");
  }

  @Test
  void upload_repeatedAfterSuccess_answersTheSame() throws Exception {
    UploadSpec spec =
        UploadSpec.newBuilder().setPath("a").setUploadId("u").setCreateOnly(true).build();
    UploadResponse first = calls.put(spec, HELLO, 100);

    UploadResponse second = finish(calls.upload(spec));

    assertThat(second.getArtifact()).isEqualTo(first.getArtifact());
  }

  @Test
  void upload_repeatedAfterSuccessWithOtherContent_isRefused() throws Exception {
    byte[] other = Bytes.random(1, HELLO.length);
    UploadSpec spec = declared("a", HELLO).toBuilder().setUploadId("u").build();
    calls.put(spec, HELLO, 100);

    for (UploadSpec changed :
        List.of(
            declared("a", other).toBuilder().setUploadId("u").build(),
            spec.toBuilder().clearSha256().setSizeBytes(3).build(),
            spec.toBuilder().setPath("b").build())) {
      assertFails(
          () -> calls.put(changed, other, 100), Code.FAILED_PRECONDITION, "UPLOAD_SPEC_CHANGED");
    }

    assertThat(list("")).containsExactly("a");
    assertThat(calls.get("a")).isEqualTo(HELLO);
    assertThat(spooled()).isEmpty();
  }

  @Test
  void upload_publishingFailed_needsItsBytesNoSecondTime() throws Exception {
    UploadSpec spec = declared("a/b", HELLO).toBuilder().setUploadId("u").build();
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(spec);
    call.write(chunk(HELLO, 0, HELLO.length));
    awaitCommitted("u", HELLO.length);
    calls.put("a", Bytes.random(1, 10));
    assertFails(() -> finish(call), Code.FAILED_PRECONDITION, "PARENT_IS_A_FILE");
    calls.stub().delete(DeleteRequest.newBuilder().setPath("a").build());

    assertThat(query("u").getCommittedSizeBytes()).isEqualTo(HELLO.length);
    finish(calls.upload(spec));

    assertThat(calls.get("a/b")).isEqualTo(HELLO);
    assertThat(spooled()).isEmpty();
  }

  @Test
  void upload_withoutIdCut_leavesNothing() throws Exception {
    BlockingClientCall<UploadRequest, UploadResponse> call =
        calls.upload(UploadSpec.newBuilder().setPath("a").build());
    call.write(chunk(HELLO, 0, 5));

    call.cancel("cut", null);

    for (int i = 0; i < 12_000 && !spooled().isEmpty(); i++) {
      Thread.sleep(5);
    }
    assertThat(spooled()).isEmpty();
    assertThat(list("")).isEmpty();
  }

  @Test
  void upload_otherSpecForTheSameId_isRefused() throws Exception {
    UploadSpec spec = UploadSpec.newBuilder().setPath("a").setUploadId("u").build();
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(spec);
    call.write(chunk(HELLO, 0, 5));
    awaitCommitted("u", 5);
    call.cancel("cut", null);

    assertFails(
        () -> finish(calls.upload(spec.toBuilder().setPath("b").build())),
        Code.FAILED_PRECONDITION,
        "UPLOAD_SPEC_CHANGED");
    assertThat(query("u").getCommittedSizeBytes()).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 16, 18, 1000})
  void upload_wrongSize_isRefusedAndDiscarded(int size) throws Exception {
    UploadSpec spec =
        UploadSpec.newBuilder().setPath("a").setSizeBytes(size).setUploadId("u").build();

    assertFails(() -> calls.put(spec, HELLO, 5), Code.INVALID_ARGUMENT, "SIZE_MISMATCH");

    assertNothingIsThere();
  }

  @Test
  void upload_wrongCrc_isRefusedAndKeepsWhatCameBefore() throws Exception {
    UploadSpec spec = declared("a", HELLO).toBuilder().setUploadId("u").build();
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(spec);
    call.write(chunk(HELLO, 0, 5));
    UploadRequest good = chunk(HELLO, 5, 5);
    call.write(
        good.toBuilder()
            .setChunk(good.getChunk().toBuilder().setCrc32C(good.getChunk().getCrc32C() ^ 1))
            .build());

    assertFails(() -> finish(call), Code.DATA_LOSS, "CHUNK_CHECKSUM_MISMATCH");

    assertThat(list("")).isEmpty();
    assertThat(query("u").getCommittedSizeBytes()).isEqualTo(5);
    BlockingClientCall<UploadRequest, UploadResponse> again = calls.upload(spec);
    again.write(chunk(HELLO, 5, HELLO.length - 5));
    finish(again);
    assertThat(calls.get("a")).isEqualTo(HELLO);
  }

  @Test
  void upload_createOnlyOnTakenPath_isRefused() throws Exception {
    calls.put("a", HELLO);
    UploadSpec spec = UploadSpec.newBuilder().setPath("a").setCreateOnly(true).build();

    assertFails(
        () -> calls.put(spec, Bytes.random(1, 5), 5),
        Code.ALREADY_EXISTS,
        "ARTIFACT_ALREADY_EXISTS");
    assertThat(calls.get("a")).isEqualTo(HELLO);
  }

  @Test
  void upload_ontoDirectoryOrBelowFile_isRefused() throws Exception {
    calls.put("a/b", HELLO);

    assertFails(() -> calls.put("a", HELLO), Code.FAILED_PRECONDITION, "PATH_IS_A_DIRECTORY");
    var info =
        assertFails(() -> calls.put("a/b/c", HELLO), Code.FAILED_PRECONDITION, "PARENT_IS_A_FILE");
    assertThat(info.getMetadataMap()).containsEntry("path", "a/b");
  }

  @Test
  void upload_badSpec_namesEveryField() {
    UploadSpec spec =
        UploadSpec.newBuilder()
            .setPath("../x")
            .setUploadId("a/b")
            .setSizeBytes(-1)
            .setSha256("ABC")
            .setContentType("text/\nplain")
            .build();

    assertInvalid(
        () -> finish(calls.upload(spec)),
        "spec.path",
        "spec.upload_id",
        "spec.size_bytes",
        "spec.sha256",
        "spec.content_type");
    assertInvalid(() -> finish(calls.upload(UploadSpec.getDefaultInstance())), "spec.path");
  }

  static List<String> unsafePaths() {
    return UnsafePaths.ALL;
  }

  @ParameterizedTest
  @MethodSource("unsafePaths")
  void everyCall_unsafePath_isRefused(String path) {
    assertInvalid(
        () -> finish(calls.upload(UploadSpec.newBuilder().setPath(path).build())), "spec.path");
    assertInvalid(() -> stat(path), "path");
    assertInvalid(() -> list(path), "path");
    assertInvalid(() -> calls.get(path), "path");
    assertInvalid(
        () -> calls.stub().delete(DeleteRequest.newBuilder().setPath(path).build()), "path");
    assertInvalid(
        () ->
            calls
                .stub()
                .snapshot(SnapshotRequest.newBuilder().setPath(path).setHolder(path).build()),
        "path",
        "holder");
    assertInvalid(
        () ->
            calls
                .stub()
                .releaseSnapshot(
                    ReleaseSnapshotRequest.newBuilder().setPath(path).setHolder(path).build()),
        "path",
        "holder");
  }

  @Test
  void upload_messagesOutOfOrder_areRefused() throws Exception {
    BlockingClientCall<UploadRequest, UploadResponse> chunkFirst = calls.stub().upload();
    chunkFirst.write(chunk(HELLO, 0, 5));
    assertInvalid(() -> finish(chunkFirst), "spec");

    BlockingClientCall<UploadRequest, UploadResponse> nothing = calls.stub().upload();
    assertInvalid(() -> finish(nothing), "spec");

    UploadSpec spec = UploadSpec.newBuilder().setPath("a").build();
    BlockingClientCall<UploadRequest, UploadResponse> specTwice = calls.upload(spec);
    specTwice.write(UploadRequest.newBuilder().setSpec(spec).build());
    assertInvalid(() -> finish(specTwice), "spec");

    BlockingClientCall<UploadRequest, UploadResponse> empty = calls.upload(spec);
    empty.write(UploadRequest.getDefaultInstance());
    assertInvalid(() -> finish(empty), "chunk");
    assertNothingIsThere();
  }

  @Test
  void upload_withoutChecksums_isCheckedByItsDigestAlone() throws Exception {
    BlockingClientCall<UploadRequest, UploadResponse> plain =
        calls.upload(UploadSpec.newBuilder().setPath("plain").build());
    plain.write(
        UploadRequest.newBuilder()
            .setChunk(UploadChunk.newBuilder().setData(ByteString.copyFrom(HELLO)))
            .build());

    assertThat(finish(plain).getArtifact().getSizeBytes()).isEqualTo(HELLO.length);
  }

  @Test
  void upload_badChunk_namesEveryField() throws Exception {
    UploadSpec spec = UploadSpec.newBuilder().setPath("a").build();
    BlockingClientCall<UploadRequest, UploadResponse> bad = calls.upload(spec);
    bad.write(UploadRequest.newBuilder().setChunk(UploadChunk.newBuilder().setOffset(-1)).build());
    assertInvalid(() -> finish(bad), "chunk.offset", "chunk.data");

    BlockingClientCall<UploadRequest, UploadResponse> large = calls.upload(spec);
    large.write(chunk(new byte[(1 << 20) + 1], 0, (1 << 20) + 1));
    assertInvalid(() -> finish(large), "chunk.data");
    assertNothingIsThere();
  }

  // QueryUpload and AbortUpload.

  @Test
  void query_unfinishedUpload_tellsPathProgressAndExpiry() throws Exception {
    UploadSpec spec = UploadSpec.newBuilder().setPath("a/b").setUploadId("u").build();
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(spec);
    call.write(chunk(HELLO, 0, 5));
    awaitCommitted("u", 5);

    QueryUploadResponse answer = query("u");

    assertThat(answer.getState()).isEqualTo(UploadState.UPLOAD_STATE_RECEIVING);
    assertThat(answer.getPath()).isEqualTo("a/b");
    assertThat(answer.hasExpireTime()).isTrue();
    assertThat(answer.hasArtifact()).isFalse();
    call.cancel("done", null);
  }

  @Test
  void abort_unfinishedUpload_endsItsStreamAndForgetsIt() throws Exception {
    UploadSpec spec = UploadSpec.newBuilder().setPath("a").setUploadId("u").build();
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.upload(spec);
    call.write(chunk(HELLO, 0, 5));
    awaitCommitted("u", 5);
    AbortUploadRequest abort = AbortUploadRequest.newBuilder().setUploadId("u").build();

    calls.stub().abortUpload(abort);

    assertFails(() -> query("u"), Code.NOT_FOUND, "UPLOAD_NOT_FOUND");
    assertFails(() -> finish(call), Code.ABORTED, "UPLOAD_TAKEN_OVER");
    calls.stub().abortUpload(abort);
    assertNothingIsThere();
  }

  @Test
  void queryAndAbort_badId_areRefused() {
    for (String id : List.of("", "a/b", ".", "..", "x".repeat(65), "ä")) {
      assertInvalid(() -> query(id), "upload_id");
      assertInvalid(
          () -> calls.stub().abortUpload(AbortUploadRequest.newBuilder().setUploadId(id).build()),
          "upload_id");
    }
    assertFails(() -> query("unknown"), Code.NOT_FOUND, "UPLOAD_NOT_FOUND");
  }

  // Download.

  @ParameterizedTest
  @CsvSource({"0,0", "0,1", "1,0", "299999,5", "300000,0", "300000,7", "1,262144", "100,270000"})
  void download_range_isThatRangeByPathAndByDigest(int offset, int length) throws Exception {
    byte[] bytes = Bytes.random(3, 300_000);
    Artifact artifact = calls.put("a", bytes);
    byte[] expected =
        Arrays.copyOfRange(
            bytes, offset, length == 0 ? 300_000 : Math.min(offset + length, 300_000));
    DownloadRequest.Builder request =
        DownloadRequest.newBuilder().setOffset(offset).setLength(length);

    assertThat(calls.get(request.setPath("a").build())).isEqualTo(expected);
    assertThat(calls.get(request.setSha256(artifact.getSha256()).build())).isEqualTo(expected);
  }

  @Test
  void download_whileItsContentIsRemoved_goesOnToTheEnd() throws Exception {
    byte[] bytes = Bytes.random(4, 8 << 20);
    calls.put("a", bytes);
    BlockingClientCall<?, DownloadResponse> call =
        calls.stub().download(DownloadRequest.newBuilder().setPath("a").build());
    assertThat(call.read().hasHeader()).isTrue();

    // As a collection does.
    try (BlobStore blobs = openBlobs()) {
      blobs.delete(Bytes.content(bytes).sha256());
    }

    assertThat(Arrays.equals(rest(call), bytes)).isTrue();
  }

  @Test
  void download_header_describesTheWhole() throws Exception {
    Artifact artifact = calls.put("a", HELLO);

    DownloadResponse byPath =
        calls
            .stub()
            .download(DownloadRequest.newBuilder().setPath("a").setOffset(5).build())
            .read();
    DownloadResponse byDigest =
        calls
            .stub()
            .download(DownloadRequest.newBuilder().setSha256(artifact.getSha256()).build())
            .read();

    assertThat(byPath.getHeader().getArtifact()).isEqualTo(artifact);
    assertThat(byPath.getHeader().getOffset()).isEqualTo(5);
    assertThat(byPath.getHeader().getLength()).isEqualTo(HELLO.length - 5);
    assertThat(byDigest.getHeader().getArtifact())
        .isEqualTo(
            Artifact.newBuilder()
                .setSha256(artifact.getSha256())
                .setSizeBytes(HELLO.length)
                .build());
  }

  @Test
  void download_moreThanTheServerCarries_isRefusedUntilOthersEnd() throws Exception {
    byte[] bytes = Bytes.random(5, 40_000);
    calls.put("a", bytes);
    DownloadRequest request = DownloadRequest.newBuilder().setPath("a").build();
    List<BlockingClientCall<?, DownloadResponse>> open = new ArrayList<>();
    for (int i = 0; i < DownloadBudget.MAX_DOWNLOADS; i++) {
      BlockingClientCall<?, DownloadResponse> call = calls.stub().download(request);
      assertThat(call.read().hasHeader()).isTrue();
      open.add(call);
    }

    assertFails(() -> calls.get("a"), Code.RESOURCE_EXHAUSTED, "TOO_MANY_DOWNLOADS");

    // Those that read little ahead bring the same bytes.
    assertThat(rest(open.get(0))).isEqualTo(bytes);
    assertThat(rest(open.get(DownloadBudget.FAR_AHEAD))).isEqualTo(bytes);
    open.forEach(call -> call.cancel("enough", null));
    assertThat(getWhenThereIsRoom("a")).isEqualTo(bytes);
  }

  private byte[] getWhenThereIsRoom(String path) throws Exception {
    for (int i = 0; ; i++) {
      try {
        return calls.get(path);
      } catch (StatusException e) {
        if (i == 6000 || e.getStatus().getCode() != Code.RESOURCE_EXHAUSTED) {
          throw e;
        }
        Thread.sleep(5);
      }
    }
  }

  @Test
  void download_absentOrDirectoryOrBeyondEnd_isRefused() throws Exception {
    calls.put("d/a", HELLO);

    assertFails(() -> calls.get("b"), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
    assertFails(() -> calls.get("d"), Code.FAILED_PRECONDITION, "PATH_IS_A_DIRECTORY");
    assertFails(
        () -> calls.get(DownloadRequest.newBuilder().setSha256("0".repeat(64)).build()),
        Code.NOT_FOUND,
        "ARTIFACT_NOT_FOUND");
    var info =
        assertFails(
            () -> calls.get(DownloadRequest.newBuilder().setPath("d/a").setOffset(18).build()),
            Code.OUT_OF_RANGE,
            "OFFSET_BEYOND_END");
    assertThat(info.getMetadataMap()).containsEntry("size_bytes", "17");
  }

  @Test
  void download_badRequest_namesEveryField() {
    assertInvalid(
        () -> calls.get(DownloadRequest.newBuilder().setOffset(-1).setLength(-1).build()),
        "source",
        "offset",
        "length");
    assertInvalid(() -> calls.get(DownloadRequest.newBuilder().setSha256("x").build()), "sha256");
    assertInvalid(() -> calls.get(""), "path");
  }

  // List, Stat, Delete.

  @Test
  void list_badPaging_isRefused() throws Exception {
    for (int i = 0; i < 3; i++) {
      calls.put("d/" + i, HELLO);
    }
    String token =
        calls
            .stub()
            .list(ListRequest.newBuilder().setPath("d").setPageSize(1).build())
            .getNextPageToken();

    assertInvalid(
        () ->
            calls
                .stub()
                .list(
                    ListRequest.newBuilder()
                        .setPath("..")
                        .setPageSize(-1)
                        .setPageToken("x")
                        .build()),
        "path",
        "page_size",
        "page_token");
    assertInvalid(
        () -> calls.stub().list(ListRequest.newBuilder().setPageToken(token).build()),
        "page_token");
  }

  // A checksum is no signature.
  @Test
  void listAndManifest_forgedTokens_areRefused() throws Exception {
    calls.put("d/a", HELLO);
    String digest = calls.stub().snapshot(snapshot("d", "h")).getDigest();
    for (List<String> keys :
        List.of(List.<String>of(), List.of(".."), List.of("c/x"), List.of("e"), List.of(""))) {
      assertInvalid(
          () ->
              calls
                  .stub()
                  .list(
                      ListRequest.newBuilder()
                          .setPath("d")
                          .setPageToken(PageToken.encode("list false d", keys))
                          .build()),
          "page_token");
    }
    assertInvalid(
        () ->
            calls
                .stub()
                .getManifest(
                    GetManifestRequest.newBuilder()
                        .setDigest(digest)
                        .setPageToken(PageToken.encode("manifest " + digest, List.of()))
                        .build()),
        "page_token");
  }

  @Test
  void list_fileOrAbsent_hasNoEntries() throws Exception {
    calls.put("a", HELLO);

    assertThat(list("a")).isEmpty();
    assertThat(list("b")).isEmpty();
  }

  @Test
  void stat_fileDirectoryRootAndAbsent() throws Exception {
    Artifact artifact = calls.put("d/e/a", HELLO);
    calls.put("d/b", Bytes.random(1, 3));

    assertThat(stat("d/e/a").getArtifact()).isEqualTo(artifact);
    assertThat(stat("d").getDirectory().getFileCount()).isZero();
    Entry totals =
        calls.stub().stat(StatRequest.newBuilder().setPath("d").setWithTotals(true).build());
    assertThat(totals.getDirectory().getFileCount()).isEqualTo(2);
    assertThat(totals.getDirectory().getSizeBytes()).isEqualTo(HELLO.length + 3);
    assertThat(stat("").hasDirectory()).isTrue();
    assertFails(() -> stat("d/x"), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
  }

  @Test
  void delete_fileAndDirectory_answerWhatWentAway() throws Exception {
    calls.put("d/a", HELLO);
    calls.put("d/e/b", HELLO);
    DeleteRequest directory = DeleteRequest.newBuilder().setPath("d").build();

    assertFails(
        () -> calls.stub().delete(directory), Code.FAILED_PRECONDITION, "PATH_IS_A_DIRECTORY");
    DeleteResponse response = calls.stub().delete(directory.toBuilder().setRecursive(true).build());

    assertThat(response.getDeletedCount()).isEqualTo(2);
    assertThat(response.getDeletedBytes()).isEqualTo(2L * HELLO.length);
    assertThat(list("")).isEmpty();
    assertFails(() -> calls.stub().delete(directory), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
    DeleteResponse again = calls.stub().delete(directory.toBuilder().setAllowMissing(true).build());
    assertThat(again.getDeletedCount()).isZero();
    assertInvalid(() -> calls.stub().delete(DeleteRequest.getDefaultInstance()), "path");
  }

  // Snapshot, GetManifest, ReleaseSnapshot.

  private static SnapshotRequest snapshot(String path, String holder) {
    return SnapshotRequest.newBuilder().setPath(path).setHolder(holder).build();
  }

  @Test
  void snapshot_folder_isReadByDigestAfterDelete() throws Exception {
    calls.put("m/MLmodel", HELLO);
    calls.put("m/data/model.bin", Bytes.random(1, 1000));

    Manifest manifest = calls.stub().snapshot(snapshot("m", "models/digits/versions/1"));
    calls.stub().delete(DeleteRequest.newBuilder().setPath("m").setRecursive(true).build());

    assertThat(manifest.getFileCount()).isEqualTo(2);
    assertThat(manifest.getSizeBytes()).isEqualTo(1000 + HELLO.length);
    assertThat(manifest.getEntriesList())
        .extracting(ManifestEntry::getPath)
        .containsExactly("MLmodel", "data/model.bin");
    Manifest read =
        calls
            .stub()
            .getManifest(GetManifestRequest.newBuilder().setDigest(manifest.getDigest()).build());
    assertThat(read).isEqualTo(manifest);
    assertThat(
            calls.get(
                DownloadRequest.newBuilder().setSha256(read.getEntries(0).getSha256()).build()))
        .isEqualTo(HELLO);
    assertThat(
            calls
                .stub()
                .releaseSnapshot(
                    ReleaseSnapshotRequest.newBuilder()
                        .setHolder("models/digits/versions/1")
                        .build())
                .getReleasedCount())
        .isEqualTo(1);
  }

  @Test
  void getManifest_pages_fitTogether() throws Exception {
    for (int i = 0; i < 5; i++) {
      calls.put("m/" + i, HELLO);
    }
    Manifest first = calls.stub().snapshot(snapshot("m", "h").toBuilder().setPageSize(2).build());
    List<String> seen = new ArrayList<>();
    Manifest page = first;
    page.getEntriesList().forEach(entry -> seen.add(entry.getPath()));
    while (!page.getNextPageToken().isEmpty()) {
      page =
          calls
              .stub()
              .getManifest(
                  GetManifestRequest.newBuilder()
                      .setDigest(first.getDigest())
                      .setPageSize(2)
                      .setPageToken(page.getNextPageToken())
                      .build());
      page.getEntriesList().forEach(entry -> seen.add(entry.getPath()));
    }
    assertThat(seen).containsExactly("0", "1", "2", "3", "4");
  }

  @Test
  void snapshotAndManifest_badRequests_areRefused() throws Exception {
    assertFails(
        () -> calls.stub().snapshot(snapshot("absent", "h")), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
    assertInvalid(
        () ->
            calls
                .stub()
                .snapshot(SnapshotRequest.newBuilder().setPath("..").setPageSize(-1).build()),
        "path",
        "holder",
        "page_size");
    assertInvalid(
        () ->
            calls
                .stub()
                .getManifest(
                    GetManifestRequest.newBuilder()
                        .setDigest("x")
                        .setPageSize(-1)
                        .setPageToken("y")
                        .build()),
        "digest",
        "page_size",
        "page_token");
    assertFails(
        () ->
            calls
                .stub()
                .getManifest(GetManifestRequest.newBuilder().setDigest("0".repeat(64)).build()),
        Code.NOT_FOUND,
        "MANIFEST_NOT_FOUND");
    assertInvalid(
        () -> calls.stub().releaseSnapshot(ReleaseSnapshotRequest.getDefaultInstance()), "holder");
    assertThat(
            calls
                .stub()
                .releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder("none").build())
                .getReleasedCount())
        .isZero();
  }

  @Test
  void presignedUrls_onAFolder_areRefusedWithWhatToCallInstead() throws Exception {
    calls.put("a", HELLO);

    assertFails(
        () ->
            calls
                .stub()
                .createUploadUrls(
                    CreateUploadUrlsRequest.newBuilder().setSpec(declared("b", HELLO)).build()),
        Code.FAILED_PRECONDITION,
        "PRESIGNED_URLS_UNSUPPORTED");
    assertFails(
        () ->
            calls
                .stub()
                .createDownloadUrl(CreateDownloadUrlRequest.newBuilder().setPath("a").build()),
        Code.FAILED_PRECONDITION,
        "PRESIGNED_URLS_UNSUPPORTED");
    assertFails(
        () ->
            calls
                .stub()
                .completeUpload(
                    CompleteUploadRequest.newBuilder()
                        .setUploadId("x")
                        .addParts(CompletedPart.newBuilder().setPartNumber(1).setEtag("x"))
                        .build()),
        Code.NOT_FOUND,
        "UPLOAD_NOT_FOUND");
  }
}
