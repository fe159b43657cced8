package dev.slipway.artifact.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.UploadId;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds what clients' own transfers promise on every store that has them. */
abstract class DirectTransfersContract {
  private static final byte[] FIRST = Bytes.random(1, 50);
  private static final byte[] SECOND = Bytes.random(2, 50);

  final UploadId id = new UploadId(UUID.randomUUID().toString());
  MinioBlobStore blobs;
  DirectTransfers direct;

  abstract MinioSettings settings();

  @BeforeEach
  void open() {
    blobs = new MinioBlobStore(settings());
    direct = blobs.direct().orElseThrow();
  }

  @AfterEach
  void close() {
    blobs.close();
  }

  private String partUrl(String storeUploadId, long sizeBytes) {
    return direct.partUrl(id, storeUploadId, 1, OptionalLong.of(sizeBytes), Duration.ofMinutes(5));
  }

  /** Sends one part and joins it; returns the store's name of the upload. */
  final String upload(byte[] bytes) throws Exception {
    String storeUploadId = direct.begin(id);
    String etag =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(partUrl(storeUploadId, bytes.length)))
                    .PUT(BodyPublishers.ofByteArray(bytes))
                    .build(),
                BodyHandlers.discarding())
            .headers()
            .firstValue("ETag")
            .orElseThrow();
    assertThat(
            direct.join(
                id, storeUploadId, new TreeMap<>(Map.of(1, DirectTransfers.unquoted(etag)))))
        .isTrue();
    return storeUploadId;
  }

  private DirectTransfers.Joined read() throws Exception {
    DirectTransfers.Joined joined = direct.openJoined(id).orElseThrow();
    joined.bytes().close();
    return joined;
  }

  @Test
  void forEach_ofAllAndOfOlder_tellsOfBoth() throws Exception {
    String joined = upload(FIRST);
    UploadId begun = new UploadId("begun");
    String name = direct.begin(begun);
    Instant later = Instant.now().plus(Duration.ofHours(1));
    Instant earlier = later.minus(Duration.ofHours(2));
    List<UploadId> told = new ArrayList<>();

    direct.forEachJoined(earlier, told::add);
    direct.forEachBegun(earlier, (it, named) -> told.add(it));
    assertThat(told).isEmpty();

    direct.forEachJoined(later, told::add);
    assertThat(told).containsExactly(id);
    Map<UploadId, String> names = new HashMap<>();
    direct.forEachBegun(later, names::put);
    assertThat(names).isEqualTo(Map.of(begun, name));

    direct.abandon(begun, name);
    direct.discard(id, joined);
    direct.forEachJoined(later, told::add);
    direct.forEachBegun(later, (it, named) -> told.add(it));
    assertThat(told).hasSize(1);
  }

  @Test
  void partUrl_forSoManyBytes_takesNoMoreAndNoFewer() throws Exception {
    String url = partUrl(direct.begin(id), 100);

    for (int size : new int[] {99, 101}) {
      assertThat(
              HttpClient.newHttpClient()
                  .send(
                      HttpRequest.newBuilder(URI.create(url))
                          .PUT(BodyPublishers.ofByteArray(new byte[size]))
                          .build(),
                      BodyHandlers.discarding())
                  .statusCode())
          .as("%d bytes", size)
          .isEqualTo(403);
    }
  }

  @Test
  void keep_whatWasRead_isThere() throws Exception {
    String name = upload(FIRST);
    Content content = Bytes.content(FIRST);

    assertThat(direct.keep(id, read().etag(), content)).isTrue();

    direct.discard(id, name);
    assertThat(blobs.open(content, 0, FIRST.length).readAllBytes()).isEqualTo(FIRST);
  }

  /** Returns transfers that copy a few MiB as the server's own do many GiB. */
  private DirectTransfers copyingInParts() {
    return new DirectTransfers(
        settings(), new MinioHttp(settings()).transfers(), PartPlan.MIN_PART_BYTES);
  }

  @ParameterizedTest
  @ValueSource(ints = {5 << 20, (5 << 20) + 1, 10 << 20, (11 << 20) + 7})
  void keep_moreThanOneRequestCopies_isThereWhole(int size) throws Exception {
    byte[] bytes = Bytes.random(size, size);
    String name = upload(bytes);
    Content content = Bytes.content(bytes);

    try (DirectTransfers inParts = copyingInParts()) {
      assertThat(inParts.keep(id, read().etag(), content)).isTrue();
    }

    direct.discard(id, name);
    assertThat(Arrays.equals(blobs.open(content, 0, size).readAllBytes(), bytes)).isTrue();
    assertThat(blobs.findSize(content.sha256())).hasValue(size);
  }

  @Test
  void keep_inPartsWhatWasReplacedSinceItWasRead_isRefusedAndLeavesNoParts() throws Exception {
    byte[] bytes = Bytes.random(3, 6 << 20);
    String name = upload(bytes);
    String etag = read().etag();
    direct.discard(id, name);
    name = upload(Bytes.random(4, 6 << 20));

    try (DirectTransfers inParts = copyingInParts()) {
      assertThat(inParts.keep(id, etag, Bytes.content(bytes))).isFalse();
      direct.discard(id, name);
      assertThat(inParts.keep(id, etag, Bytes.content(bytes))).as("removed").isFalse();
    }

    assertThat(blobs.findSize(Bytes.content(bytes).sha256())).isEmpty();
    assertThat(blobs.discardLeftovers(Instant.now().plus(Duration.ofHours(1)), true)).isZero();
  }

  @Test
  void keep_whatWasReplacedSinceItWasRead_isRefused() throws Exception {
    String name = upload(FIRST);
    String etag = read().etag();
    direct.discard(id, name);
    name = upload(SECOND);

    assertThat(direct.keep(id, etag, Bytes.content(FIRST))).isFalse();
    assertThat(blobs.findSize(Bytes.content(FIRST).sha256())).isEmpty();

    direct.discard(id, name);
    assertThat(direct.keep(id, etag, Bytes.content(FIRST))).as("removed").isFalse();
  }
}
