package dev.slipway.artifact.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.DirectTransfers;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.S3Server;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.service.PresignedUploads.UploadUrls;
import dev.slipway.artifact.service.PresignedUploads.UrlRange;
import dev.slipway.artifact.store.ArtifactStore;
import dev.slipway.artifact.store.CollectionStore;
import dev.slipway.artifact.store.PresignedUploadStore;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.PresignedUpload;
import dev.slipway.artifact.upload.UploadFinishingException;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadNotFoundException;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.testing.TestDatabases;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tests what needs a clock, or many callers at once. */
class PresignedUploadsTest {
  private static final Duration EXPIRY = Duration.ofHours(24);
  private static final UrlRange RANGE = new UrlRange(1, 10, Duration.ofHours(1));
  private static final byte[] BYTES = Bytes.random(1, 300_000);
  private static final Sha256 SHA256 = Bytes.content(BYTES).sha256();

  @TempDir Path folder;

  @RegisterExtension private final S3ProxyExtension s3 = S3Server.make();

  private final MovingClock clock = new MovingClock();
  private Database database;
  private MinioBlobStore blobs;
  private ArtifactStore artifacts;
  private PresignedUploadStore rows;
  private PresignedUploads uploads;

  @BeforeEach
  void open() {
    database =
        Database.open(
            TestDatabases.h2(folder), "artifact", "db/migration/artifact", new MetricRegistry());
    blobs = new MinioBlobStore(S3Server.settings(s3));
    artifacts = new ArtifactStore(database, clock);
    rows = new PresignedUploadStore(database);
    uploads = uploads();
  }

  @AfterEach
  void close() {
    blobs.close();
    database.close();
  }

  /** Returns what another replica would be. */
  private PresignedUploads uploads() {
    ContentBinder binder = new ContentBinder(artifacts, new CollectionStore(database), blobs);
    ArtifactService service =
        new ArtifactService(
            artifacts, binder, blobs, new UploadSpool(folder.resolve("spool"), EXPIRY, clock));
    return new PresignedUploads(service, artifacts, binder, rows, blobs, EXPIRY, clock);
  }

  private static UploadSpec spec(String path) {
    return new UploadSpec(
        new ArtifactPath(path),
        Optional.empty(),
        OptionalLong.of(BYTES.length),
        Optional.of(SHA256),
        Optional.empty(),
        false);
  }

  private UploadUrls begin(String path) {
    return uploads
        .begin(
            spec(path),
            PartPlan.of(BYTES.length, PartPlan.MIN_PART_BYTES),
            Optional.of(path),
            RANGE)
        .urls()
        .orElseThrow();
  }

  private static SortedMap<Integer, String> send(UploadUrls urls) throws Exception {
    return send(urls, BYTES);
  }

  private static SortedMap<Integer, String> send(UploadUrls urls, byte[] bytes) throws Exception {
    String etag =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(urls.parts().get(0).url()))
                    .PUT(BodyPublishers.ofByteArray(bytes))
                    .build(),
                BodyHandlers.discarding())
            .headers()
            .firstValue("ETag")
            .orElseThrow();
    return new TreeMap<>(Map.of(1, etag.replace("\"", "")));
  }

  @Test
  void upload_thatNobodyUses_expiresAndIsSwept() throws Exception {
    UploadUrls urls = begin("a");
    UploadId id = urls.upload().id();
    SortedMap<Integer, String> etags = send(urls);
    assertThat(uploads.sweep(() -> {})).isZero();
    clock.advance(Duration.ofHours(23));
    assertThat(uploads.renew(id, Optional.empty(), RANGE).parts().get(0).storedEtag())
        .as("use makes it live on")
        .hasValue(etags.get(1));
    clock.advance(Duration.ofHours(23));
    assertThat(uploads.sweep(() -> {})).isZero();
    clock.advance(Duration.ofHours(1));

    assertThatThrownBy(() -> uploads.renew(id, Optional.empty(), RANGE))
        .isInstanceOf(UploadNotFoundException.class);
    assertThatThrownBy(() -> uploads.complete(id, etags))
        .isInstanceOf(UploadNotFoundException.class);
    assertThat(uploads.status(id)).isEmpty();
    assertThat(uploads.sweep(() -> {})).isEqualTo(1);

    assertThat(rows.find(id)).isEmpty();
    assertThat(blobs.direct().orElseThrow().openJoined(id)).isEmpty();
    assertThat(
            blobs
                .direct()
                .orElseThrow()
                .findParts(id, urls.upload().storeUploadId().orElse("none"))
                .map(Map::size)
                .orElse(0))
        .isZero();
  }

  @Test
  void upload_thatExpired_isBegunAnewByTheSameRequest() throws Exception {
    UploadId id = begin("a").upload().id();
    clock.advance(EXPIRY);

    UploadUrls again = begin("a");

    assertThat(again.upload().id()).isEqualTo(id);
    assertThat(uploads.complete(id, send(again)).artifact().sha256()).isEqualTo(SHA256);
  }

  @Test
  void complete_byManyReplicasAtOnce_publishesOnce() throws Exception {
    UploadUrls urls = begin("a");
    SortedMap<Integer, String> etags = send(urls);
    ExecutorService threads = Executors.newFixedThreadPool(6);
    int published = 0;
    try {
      List<Future<ArtifactService.Published>> calls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        PresignedUploads replica = i % 2 == 0 ? uploads : uploads();
        calls.add(threads.submit(() -> replica.complete(urls.upload().id(), etags)));
      }
      for (Future<ArtifactService.Published> call : calls) {
        try {
          assertThat(call.get().artifact().sha256()).isEqualTo(SHA256);
          published++;
        } catch (ExecutionException e) {
          // Whoever comes while another completes it is told so; whoever finds it gone, or a store
          // that does not join the same parts twice at a time, asks again.
          assertThat(e.getCause())
              .isInstanceOfAny(
                  UploadFinishingException.class,
                  UploadNotFoundException.class,
                  StoreUnavailableException.class);
        }
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(published).isPositive();
    assertThat(uploads.complete(urls.upload().id(), etags).artifact().sha256()).isEqualTo(SHA256);
    assertThat(artifacts.find(new ArtifactPath("a"))).isPresent();
    assertThat(rows.find(urls.upload().id())).isEmpty();
  }

  @Test
  void complete_thatStoppedAfterItsJoin_isTakenUpByTheNext() throws Exception {
    UploadUrls urls = begin("a");
    SortedMap<Integer, String> etags = send(urls);
    UploadId id = urls.upload().id();
    String storeUploadId = rows.find(id).orElseThrow().storeUploadId().orElseThrow();
    assertThat(blobs.direct().orElseThrow().join(id, storeUploadId, etags)).isTrue();

    assertThat(uploads().complete(id, etags).artifact().sha256()).isEqualTo(SHA256);

    assertThat(blobs.ensureDurable(new Content(SHA256, BYTES.length))).isTrue();
  }

  private String nameInStore(UploadId id) {
    return rows.find(id).orElseThrow().storeUploadId().orElseThrow();
  }

  private PresignedUploadSweeper sweeper(Predicate<UploadId> busy) {
    return new PresignedUploadSweeper(rows, blobs.direct().orElseThrow(), busy);
  }

  @Test
  void use_ofAnUploadThatLivesLong_doesNotShortenItsLife() {
    UrlRange week = new UrlRange(1, 10, Duration.ofDays(7));
    UploadId id = begin("a").upload().id();
    Instant end = clock.instant().plus(Duration.ofDays(7));
    uploads.renew(id, Optional.empty(), week);

    uploads.renew(id, Optional.empty(), RANGE);

    assertThat(rows.find(id).orElseThrow().expireTime()).isEqualTo(end);
  }

  @Test
  void complete_thatTakesLongerThanTheExpiry_isSparedByOtherReplicas() throws Exception {
    UploadUrls urls = begin("a");
    SortedMap<Integer, String> etags = send(urls);
    PresignedUploads other = uploads();
    clock.whenAsked(
        () -> {
          clock.advance(Duration.ofHours(7));
          int unused = other.sweep(() -> {});
        });

    assertThat(uploads.complete(urls.upload().id(), etags).artifact().sha256()).isEqualTo(SHA256);
  }

  @Test
  void upload_whosePartsWereJoinedByACallThatWasCut_isCompletedByOneWhoHasNoTags()
      throws Exception {
    UploadUrls urls = begin("a");
    UploadId id = urls.upload().id();
    assertThat(blobs.direct().orElseThrow().join(id, nameInStore(id), send(urls))).isTrue();

    UploadUrls again = begin("a");

    Optional<String> tag = again.parts().get(0).storedEtag();
    assertThat(tag).isPresent();
    assertThat(uploads.status(id).orElseThrow().progress().orElseThrow().committedBytes())
        .isEqualTo(BYTES.length);
    assertThat(uploads.complete(id, new TreeMap<>(Map.of(1, tag.get()))).artifact().sha256())
        .isEqualTo(SHA256);
  }

  @Test
  void sweep_ofMany_isToldBeforeEach() throws Exception {
    for (String path : List.of("a", "b", "c")) {
      UploadUrls unused = begin(path);
    }
    clock.advance(EXPIRY);
    List<Integer> left = new ArrayList<>();

    assertThat(uploads.sweep(() -> left.add(uploads.countStale(() -> {})))).isEqualTo(3);

    assertThat(left).startsWith(3, 2, 1);
  }

  @Test
  void complete_ofWhatIsReplacedWhileItIsRead_storesNothing() throws Exception {
    UploadUrls urls = begin("a");
    UploadId id = urls.upload().id();
    SortedMap<Integer, String> etags = send(urls);
    PresignedUploads other = uploads();
    DirectTransfers store = blobs.direct().orElseThrow();
    String first = nameInStore(id);
    clock.whenAsked(
        () -> {
          if (store.findJoined(id).isPresent() && nameInStore(id).equals(first)) {
            other.abort(id);
            try {
              SortedMap<Integer, String> others = send(begin("a"), Bytes.random(2, BYTES.length));
              assertThat(store.join(id, nameInStore(id), others)).isTrue();
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        });

    assertThatThrownBy(() -> uploads.complete(id, etags))
        .isInstanceOf(UploadNotFoundException.class);

    assertThat(blobs.findSize(SHA256)).isEmpty();
    assertThat(nameInStore(id)).isNotEqualTo(first);
    assertThat(store.findJoined(id)).as("the other is left alone").isPresent();
  }

  @Test
  void remove_uploadThatWasBegunAnew_leavesTheNewOne() throws Exception {
    UploadId id = begin("a").upload().id();
    PresignedUpload stale = rows.find(id).orElseThrow();
    uploads.abort(id);
    SortedMap<Integer, String> etags = send(begin("a"));
    assertThat(blobs.direct().orElseThrow().join(id, nameInStore(id), etags)).isTrue();

    sweeper(it -> false).remove(stale);
    rows.delete(id, stale.storeUploadId());

    assertThat(uploads.complete(id, etags).artifact().sha256()).isEqualTo(SHA256);
  }

  @Test
  void sweep_whatNoRowTellsOf_isRemovedAfterADay() throws Exception {
    DirectTransfers store = blobs.direct().orElseThrow();
    UploadId parts = new UploadId("parts");
    UploadId joined = begin("a").upload().id();
    assertThat(store.join(joined, nameInStore(joined), send(begin("a")))).isTrue();
    rows.delete(joined, rows.find(joined).orElseThrow().storeUploadId());
    String name = store.begin(parts);
    assertThat(name).isNotEmpty();
    // The store has a clock of its own.
    clock.set(Instant.now());
    UploadUrls known = begin("b");
    assertThat(uploads.countStale(() -> {})).isZero();
    assertThat(uploads.sweep(() -> {})).isZero();
    clock.advance(Duration.ofHours(23));
    uploads.renew(known.upload().id(), Optional.empty(), RANGE);
    clock.advance(Duration.ofHours(2));

    List<Integer> steps = new ArrayList<>();
    assertThat(uploads.countStale(() -> steps.add(1))).isEqualTo(2);
    assertThat(steps).hasSizeGreaterThanOrEqualTo(2);
    assertThat(uploads.sweep(() -> {})).isEqualTo(2);

    assertThat(store.findJoined(joined)).isEmpty();
    assertThat(uploads.countStale(() -> {})).isZero();
    assertThat(uploads.complete(known.upload().id(), send(known)).artifact().sha256())
        .isEqualTo(SHA256);
  }

  @Test
  void sweep_manyThatAreSpared_goesOnBehindThem() {
    Set<UploadId> busy = new HashSet<>();
    for (int i = 0; i < 120; i++) {
      UploadId id = new UploadId("u" + (1000 + i));
      var unused =
          rows.findOrInsert(
              id,
              spec("a").withUploadId(id),
              PartPlan.ofUnknownSize(1),
              clock.instant().plusSeconds(i / 50));
      if (i < 110) {
        busy.add(id);
      }
    }
    clock.advance(EXPIRY);

    assertThat(sweeper(busy::contains).sweep(clock.instant(), () -> {})).isEqualTo(10);
    assertThat(rows.countExpired(clock.instant())).isEqualTo(110);
  }

  @Test
  void refer_ofAnUploadThatWasBegunAnew_isRefused() {
    UploadId id = begin("a").upload().id();
    String first = rows.find(id).orElseThrow().storeUploadId().orElseThrow();
    uploads.abort(id);
    begin("a");

    assertThat(rows.refer(id, first, SHA256)).isFalse();
  }

  @Test
  void complete_thatStoppedAfterPublishing_isCleanedUpByTheNext() throws Exception {
    UploadUrls urls = begin("a");
    UploadId id = urls.upload().id();
    artifacts.publish(
        new ArtifactPath("a"),
        artifacts.lookUp(SHA256).stored(new Content(SHA256, BYTES.length), it -> true),
        "text/plain",
        Optional.of(id),
        false);

    assertThat(uploads.status(id)).isEmpty();
    assertThat(uploads.complete(id, send(urls)).artifact().contentType()).isEqualTo("text/plain");

    assertThat(rows.find(id)).isEmpty();
  }

  private static final class MovingClock extends Clock {
    private Instant now = Instant.parse("2026-01-02T03:04:05Z");
    private Runnable whenAsked = () -> {};

    /** Runs something each time it is asked, which stands for all that may happen in between. */
    void whenAsked(Runnable work) {
      whenAsked =
          () -> {
            whenAsked = () -> {};
            work.run();
            whenAsked(work);
          };
    }

    void set(Instant time) {
      now = time;
    }

    void advance(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      whenAsked.run();
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
