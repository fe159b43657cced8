package dev.slipway.artifact.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.maintenance.JudgedContent;
import dev.slipway.artifact.maintenance.Verdict;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what decisions on content promise against those who bind it, on every database. */
abstract class CollectionStoreContract {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.123456Z");
  private static final Instant LATER = NOW.plus(Duration.ofDays(2));
  private static final Content ONE = Bytes.content("one".getBytes(UTF_8));
  private static final Content OTHER = Bytes.content("other".getBytes(UTF_8));

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private Database database;
  private ArtifactStore artifacts;
  private ManifestStore manifests;
  private CollectionStore collections;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "artifact", "db/migration/artifact", new MetricRegistry());
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    artifacts = new ArtifactStore(database, clock);
    manifests = new ManifestStore(database, clock, 8);
    collections = new CollectionStore(database);
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
    database.close();
  }

  private Artifact publish(
      String path, ContentLookup found, Content content, Predicate<Content> is) {
    return artifacts.publish(
        new ArtifactPath(path), found.stored(content, is), "text/plain", Optional.empty(), false);
  }

  private void publish(String path, Content content) {
    publish(path, artifacts.lookUp(content.sha256()), content, it -> true);
  }

  private void publishAndDelete(Content content) {
    publish("gone", content);
    artifacts.delete(new ArtifactPath("gone"), false);
  }

  private List<JudgedContent> decide(Content content) {
    return collections.decide(List.of(content.sha256()), NOW, LATER);
  }

  private Verdict verdict(Content content) {
    return collections.examine(Optional.empty(), 100, LATER).stream()
        .filter(judged -> judged.content().equals(content))
        .map(JudgedContent::verdict)
        .findFirst()
        .orElseThrow();
  }

  private void condemn(Content content) {
    publishAndDelete(content);
    assertThat(decide(content)).containsExactly(new JudgedContent(content, Verdict.CONDEMN));
  }

  private void remove(Content content) {
    condemn(content);
    assertThat(decide(content)).containsExactly(new JudgedContent(content, Verdict.REMOVE));
    assertThat(collections.remove(content.sha256(), sha256 -> {})).isTrue();
  }

  @Test
  void decide_contentThatIsJustBeingBound_isPassedOver() throws Exception {
    condemn(ONE);
    ContentLookup found = artifacts.lookUp(ONE.sha256());
    // So that the store is asked while the transaction has the row.
    remove(OTHER);
    List<JudgedContent> decided = new ArrayList<>();

    publish(
        "a",
        found,
        ONE,
        content -> {
          decided.addAll(join(threads.submit(() -> decide(ONE))));
          return true;
        });

    assertThat(decided).isEmpty();
    assertThat(verdict(ONE)).isEqualTo(Verdict.REVIVE);
    assertThat(decide(ONE)).containsExactly(new JudgedContent(ONE, Verdict.REVIVE));
    assertThat(verdict(ONE)).isEqualTo(Verdict.KEEP);
  }

  @Test
  void decide_contentNotYetCondemnedThatIsJustBeingBound_isPassedOver() {
    publishAndDelete(ONE);
    ContentLookup found = artifacts.lookUp(ONE.sha256());
    remove(OTHER);
    List<JudgedContent> decided = new ArrayList<>();

    publish(
        "a",
        found,
        ONE,
        content -> {
          decided.addAll(join(threads.submit(() -> decide(ONE))));
          return true;
        });

    assertThat(decided).isEmpty();
    assertThat(verdict(ONE)).isEqualTo(Verdict.KEEP);
  }

  private static <T> T join(Future<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void publish_contentThatIsBeingRemoved_isRefusedAndUnknownToReaders() {
    condemn(ONE);
    ContentLookup found = artifacts.lookUp(ONE.sha256());
    assertThat(decide(ONE)).containsExactly(new JudgedContent(ONE, Verdict.REMOVE));

    assertThatThrownBy(() -> publish("a", found, ONE, it -> true))
        .isInstanceOf(ContentRemovedException.class);

    assertThat(artifacts.findContent(ONE.sha256())).isEmpty();
    assertThat(artifacts.lookUp(ONE.sha256()).removing()).isTrue();
    assertThat(artifacts.find(new ArtifactPath("a"))).isEmpty();
    assertThat(verdict(ONE)).isEqualTo(Verdict.FINISH_REMOVAL);
  }

  @Test
  void publish_bytesWereRemovedSinceTheyWereSeen_isRefused() {
    publish("b", OTHER);
    for (boolean known : new boolean[] {false, true}) {
      if (known) {
        condemn(ONE);
      }
      ContentLookup found = artifacts.lookUp(ONE.sha256());
      remove(ONE);

      assertThatThrownBy(() -> publish("a", found, ONE, it -> false))
          .isInstanceOf(ContentRemovedException.class);
      assertThat(artifacts.lookUp(ONE.sha256()).content()).isEmpty();
      assertThat(publish("a", found, ONE, it -> true).sha256()).isEqualTo(ONE.sha256());
      artifacts.delete(new ArtifactPath("a"), false);
    }
  }

  @Test
  void publish_contentThatBecameSuspectSinceItWasLookedUp_isRefusedUnlessStoredAnew() {
    publish("a", ONE);
    ContentLookup before = artifacts.lookUp(ONE.sha256());
    new ConsistencyStore(database).suspect(ONE.sha256());

    assertThatThrownBy(() -> publish("b", before, ONE, it -> true))
        .isInstanceOf(ContentRemovedException.class);
    assertThat(artifacts.findContent(ONE.sha256())).as("for readers").contains(ONE);
    ContentLookup found = artifacts.lookUp(ONE.sha256());
    assertThat(found.content()).isEmpty();
    assertThat(found.suspect()).isTrue();
    publish("b", found, ONE, it -> true);

    assertThat(artifacts.lookUp(ONE.sha256()).content()).contains(ONE);
  }

  @Test
  void condemnUnknown_bytesThatNobodyHasRead_areSuspectUntilStoredAnewInTheirTrueSize() {
    assertThat(collections.condemnUnknown(new Content(ONE.sha256(), 1), NOW)).isTrue();
    ContentLookup found = artifacts.lookUp(ONE.sha256());
    assertThat(found.content()).isEmpty();

    publish("a", found, ONE, it -> true);

    assertThat(artifacts.lookUp(ONE.sha256()).content()).contains(ONE);
    assertThat(verdict(ONE)).isEqualTo(Verdict.REVIVE);
  }

  @Test
  void remove_storeThatFails_leavesTheRowForTheNext() {
    condemn(ONE);
    decide(ONE);
    List<Sha256> deleted = new ArrayList<>();

    assertThatThrownBy(
            () ->
                collections.remove(
                    ONE.sha256(),
                    sha256 -> {
                      throw new IllegalStateException("away");
                    }))
        .hasMessage("away");

    assertThat(artifacts.lookUp(ONE.sha256()).removing()).isTrue();
    assertThat(collections.remove(ONE.sha256(), deleted::add)).isTrue();
    assertThat(collections.remove(ONE.sha256(), deleted::add)).isFalse();
    assertThat(deleted).containsExactly(ONE.sha256());
    assertThat(collections.examine(Optional.empty(), 10, LATER)).isEmpty();
  }

  @Test
  void remove_contentThatIsInUse_leavesItsBytes() {
    publish("a", ONE);

    assertThat(collections.remove(ONE.sha256(), sha256 -> fail("bytes in use"))).isFalse();

    assertThat(artifacts.findContent(ONE.sha256())).contains(ONE);
  }

  @Test
  void decide_contentOfAManifestThatNobodyKeeps_isCondemnedButNotRemovedBeforeIt() {
    Manifest manifest = releasedManifest();

    assertThat(decide(ONE)).containsExactly(new JudgedContent(ONE, Verdict.CONDEMN));
    assertThat(decide(ONE)).as("the manifest has to go first").isEmpty();
    hold(manifest);

    assertThat(verdict(ONE)).isEqualTo(Verdict.REVIVE);
    assertThat(collections.beginManifestRemoval(10)).isEmpty();
  }

  private Manifest releasedManifest() {
    publish("m/a", ONE);
    Manifest manifest = manifests.snapshot(new ArtifactPath("m"), new ArtifactPath("h"));
    artifacts.delete(new ArtifactPath("m"), true);
    manifests.release(new ArtifactPath("h"));
    return manifest;
  }

  private void hold(Manifest manifest) {
    long unused =
        database.write(
            handle -> {
              long id = manifests.keep(handle, manifest.digest());
              hold(handle.attach(ManifestDao.class), id);
              return id;
            });
  }

  private static void hold(ManifestDao dao, long manifest) {
    dao.hold("h", new byte[] {'m'}, manifest, OffsetDateTime.ofInstant(NOW, ZoneOffset.UTC));
  }

  @Test
  void beginManifestRemoval_manifestThatIsJustBeingKept_waitsAndLeavesIt() throws Exception {
    Manifest manifest = releasedManifest();

    Future<List<Long>> removal =
        database.write(
            handle -> {
              long id = manifests.keep(handle, manifest.digest());
              Future<List<Long>> waiting =
                  threads.submit(() -> collections.beginManifestRemoval(10));
              assertThatThrownBy(() -> waiting.get(300, TimeUnit.MILLISECONDS))
                  .isInstanceOf(TimeoutException.class);
              hold(handle.attach(ManifestDao.class), id);
              return waiting;
            });

    assertThat(join(removal)).isEmpty();
    assertThat(manifests.get(manifest.digest())).isEqualTo(manifest);
  }

  @Test
  void removeManifest_goesInSteps() {
    releasedManifest();
    assertThat(collections.countUnheldManifests()).isEqualTo(1);

    List<Long> begun = collections.beginManifestRemoval(10);
    assertThat(begun).hasSize(1);
    assertThat(collections.countUnheldManifests()).as("one that was cut off").isEqualTo(1);
    assertThat(collections.beginManifestRemoval(10)).isEqualTo(begun);
    assertThat(collections.removeManifestStep(begun.get(0))).isTrue();

    assertThat(collections.countUnheldManifests()).isZero();
    assertThat(verdict(ONE)).isEqualTo(Verdict.CONDEMN);
  }
}
