package dev.slipway.artifact.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.MinioSettings;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.gaul.s3proxy.auth.AuthenticationType;
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
  private static final byte[] BYTES = Bytes.random(1, 50);
  private static final Sha256 SHA256 = Bytes.content(BYTES).sha256();

  @TempDir Path folder;

  @RegisterExtension
  private final S3ProxyExtension s3 =
      S3ProxyExtension.builder()
          .withCredentials(AuthenticationType.AWS_V4, "access", "very-secret")
          .withBlobStoreProvider("transient-nio2")
          .withPort(0)
          .build();

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
    blobs =
        new MinioBlobStore(
            new MinioSettings(
                s3.getUri().toString(),
                "artifacts",
                s3.getAccessKey(),
                s3.getSecretKey(),
                MinioSettings.DEFAULT_REGION));
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

  private UploadUrls begin(String path) {
    UploadSpec spec =
        new UploadSpec(
            new ArtifactPath(path),
            Optional.empty(),
            OptionalLong.of(BYTES.length),
            Optional.of(SHA256),
            Optional.empty(),
            false);
    return uploads
        .begin(spec, PartPlan.of(BYTES.length, PartPlan.MIN_PART_BYTES), Optional.of(path), RANGE)
        .urls()
        .orElseThrow();
  }

  private static SortedMap<Integer, String> send(UploadUrls urls) throws Exception {
    String etag =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(urls.parts().get(0).url()))
                    .PUT(BodyPublishers.ofByteArray(BYTES))
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
    assertThat(uploads.sweep()).isZero();
    clock.advance(Duration.ofHours(23));
    assertThat(uploads.renew(id, Optional.empty(), RANGE).parts().get(0).storedEtag())
        .as("use makes it live on")
        .hasValue(etags.get(1));
    clock.advance(Duration.ofHours(23));
    assertThat(uploads.sweep()).isZero();
    clock.advance(Duration.ofHours(1));

    assertThatThrownBy(() -> uploads.renew(id, Optional.empty(), RANGE))
        .isInstanceOf(UploadNotFoundException.class);
    assertThatThrownBy(() -> uploads.complete(id, etags))
        .isInstanceOf(UploadNotFoundException.class);
    assertThat(uploads.status(id)).isEmpty();
    assertThat(uploads.sweep()).isEqualTo(1);

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

    void advance(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
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
