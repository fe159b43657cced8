package dev.slipway.artifact.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.ArtifactAlreadyExistsException;
import dev.slipway.artifact.content.ArtifactNotFoundException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Directory;
import dev.slipway.artifact.content.Entry;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.content.ManifestNotFoundException;
import dev.slipway.artifact.content.ParentIsFileException;
import dev.slipway.artifact.content.PathIsDirectoryException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.content.TooManyFilesException;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.PresignedUpload;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.upload.UploadSpecChangedException;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what the stores promise on every database. */
abstract class ArtifactStoreContract {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.123456Z");
  private static final String TYPE = "text/plain";

  private Database database;
  private ArtifactStore artifacts;
  private ManifestStore manifests;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "artifact", "db/migration/artifact", new MetricRegistry());
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    artifacts = new ArtifactStore(database, clock);
    manifests = new ManifestStore(database, clock, 8);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static ArtifactPath path(String path) {
    return new ArtifactPath(path);
  }

  private static Content content(String text) {
    return Bytes.content(text.getBytes(StandardCharsets.UTF_8));
  }

  private Artifact publish(String path, String text) {
    return publish(path, text, Optional.empty(), false);
  }

  private Artifact publish(
      String path, String text, Optional<UploadId> uploadId, boolean createOnly) {
    Content content = content(text);
    StoredContent stored = artifacts.lookUp(content.sha256()).stored(content, it -> true);
    return artifacts.publish(path(path), stored, TYPE, uploadId, createOnly);
  }

  private List<String> list(String directory, boolean recursive) {
    return artifacts.list(path(directory), recursive, page(1000, "")).items().stream()
        .map(entry -> entry.path().value() + (entry instanceof Directory ? "/" : ""))
        .toList();
  }

  private static PageRequest page(int size, String token) {
    Violations violations = new Violations();
    PageRequest page = PageRequest.of(size, token, 1000, 1000, "test", violations);
    violations.throwIfAny();
    return page;
  }

  @Test
  void publish_newPath_isFoundWithItsDirectories() {
    Artifact published = publish("a/b/c.txt", "hello");

    assertThat(published)
        .isEqualTo(new Artifact(path("a/b/c.txt"), 5, content("hello").sha256(), TYPE, NOW, NOW));
    assertThat(artifacts.find(path("a/b/c.txt"))).contains(published);
    assertThat(artifacts.find(path("a/b"))).contains(new Directory(path("a/b")));
    assertThat(artifacts.find(path("a"))).contains(new Directory(path("a")));
    assertThat(artifacts.find(ArtifactPath.ROOT)).contains(new Directory(ArtifactPath.ROOT));
    assertThat(artifacts.findContent(content("hello").sha256())).contains(content("hello"));
    assertThat(artifacts.find(path("a/b/c"))).isEmpty();
  }

  @Test
  void publish_pathThatHasContent_bindsItToTheNew() {
    publish("a", "one");

    Artifact second = publish("a", "two!");

    assertThat(artifacts.find(path("a"))).contains(second);
    assertThat(second.sizeBytes()).isEqualTo(4);
    assertThat(artifacts.findContent(content("one").sha256())).isPresent();
  }

  @Test
  void publish_createOnlyOnTakenPath_isRefused() {
    publish("a", "one");

    assertThatThrownBy(() -> publish("a", "2", Optional.empty(), true))
        .isInstanceOf(ArtifactAlreadyExistsException.class);
    assertThatThrownBy(() -> artifacts.requirePublishable(path("a"), true))
        .isInstanceOf(ArtifactAlreadyExistsException.class);
    artifacts.requirePublishable(path("a"), false);
  }

  @Test
  void publish_sameUploadAgain_answersTheFirst() {
    Optional<UploadId> id = Optional.of(new UploadId("u-1"));
    Artifact first = publish("a", "one", id, true);

    Artifact second = publish("a", "one", id, true);

    assertThat(second).isEqualTo(first);
    assertThat(artifacts.findByUploadId(new UploadId("u-1"))).contains(first);
    assertThatThrownBy(() -> publish("a", "two", id, true))
        .isInstanceOf(UploadSpecChangedException.class);
    publish("a", "other");
    assertThat(artifacts.findByUploadId(new UploadId("u-1"))).isEmpty();
  }

  @Test
  void publish_onDirectoryOrBelowFile_isRefused() {
    publish("a/b", "x");

    assertThatThrownBy(() -> publish("a", "y")).isInstanceOf(PathIsDirectoryException.class);
    assertThatThrownBy(() -> publish("a/b/c/d", "y")).isInstanceOf(ParentIsFileException.class);
    assertThatThrownBy(() -> artifacts.requirePublishable(path("a"), false))
        .isInstanceOf(PathIsDirectoryException.class);
    assertThatThrownBy(() -> artifacts.requirePublishable(path("a/b/c/d"), false))
        .isInstanceOf(ParentIsFileException.class);
    assertThat(list("", true)).containsExactly("a/b");
  }

  @Test
  void list_oneLevelAndRecursive_areInOrderOfBytes() {
    for (String path :
        List.of("b", "a/z", "a-b", "a.txt", "Z", "ä", "a/b/c", "\uD83D\uDE00", "\uFF5E")) {
      publish(path, path);
    }

    // UTF-8 puts U+FF5E before U+1F600, UTF-16 would not; upper case comes before lower case.
    assertThat(list("", false))
        .containsExactly("Z", "a/", "a-b", "a.txt", "b", "ä", "\uFF5E", "\uD83D\uDE00");
    assertThat(list("", true))
        .containsExactly("Z", "a-b", "a.txt", "a/b/c", "a/z", "b", "ä", "\uFF5E", "\uD83D\uDE00");
    assertThat(list("a", false)).containsExactly("a/b/", "a/z");
    assertThat(list("a", true)).containsExactly("a/b/c", "a/z");
    assertThat(list("b", false)).isEmpty();
    assertThat(list("absent", true)).isEmpty();
  }

  @Test
  void list_inPages_givesEachOnce() {
    for (int i = 0; i < 25; i++) {
      publish("d/f" + i, "x");
      publish("d/s" + i + "/x", "x");
    }
    for (boolean recursive : new boolean[] {true, false}) {
      List<String> seen = new ArrayList<>();
      String token = "";
      do {
        Page<Entry> page = artifacts.list(path("d"), recursive, page(7, token));
        assertThat(page.items()).hasSizeLessThanOrEqualTo(7);
        page.items().forEach(entry -> seen.add(entry.path().value()));
        token = page.nextPageToken();
      } while (!token.isEmpty());
      assertThat(seen).hasSize(50).doesNotHaveDuplicates();
    }
  }

  @Test
  void totals_countEverythingBelow() {
    publish("d/a", "123");
    publish("d/e/b", "12345");
    publish("da", "1");

    assertThat(artifacts.totals(path("d"))).isEqualTo(new Directory(path("d"), 2, 8));
    assertThat(artifacts.totals(ArtifactPath.ROOT))
        .isEqualTo(new Directory(ArtifactPath.ROOT, 3, 9));
  }

  @Test
  void delete_lastFile_removesEmptiedDirectories() {
    publish("a/b/c/d", "x");
    publish("a/e", "y");

    Optional<Directory> removed = artifacts.delete(path("a/b/c/d"), false);

    assertThat(removed).contains(new Directory(path("a/b/c/d"), 1, 1));
    assertThat(artifacts.find(path("a/b"))).isEmpty();
    assertThat(list("a", false)).containsExactly("a/e");
  }

  @Test
  void delete_directory_needsRecursiveAndTakesAllBelow() {
    publish("a/b/c", "123");
    publish("a/d", "12");
    publish("a-neighbour", "1");

    assertThatThrownBy(() -> artifacts.delete(path("a"), false))
        .isInstanceOf(PathIsDirectoryException.class);
    assertThat(artifacts.delete(path("a"), true)).contains(new Directory(path("a"), 2, 5));

    assertThat(list("", true)).containsExactly("a-neighbour");
    assertThat(artifacts.delete(path("a"), true)).isEmpty();
    assertThat(artifacts.delete(path("x/y/z"), true)).isEmpty();
  }

  @Test
  void publishAndDelete_manyAtOnce_leaveNothingWithoutItsDirectory() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> work = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int worker = i;
        work.add(
            threads.submit(
                () -> {
                  for (int n = 0; n < 20; n++) {
                    publish("t/" + n % 3 + "/w" + worker, "x" + n);
                    if (worker % 4 == 0) {
                      artifacts.delete(path("t/" + n % 3), true);
                    } else if (worker % 4 == 1) {
                      artifacts.delete(path("t/" + n % 3 + "/w" + worker), false);
                    }
                  }
                }));
      }
      for (Future<?> future : work) {
        future.get();
      }
    } finally {
      threads.shutdownNow();
    }
    // What is found by walking down is all there is, and no directory is empty.
    assertThat(walk("")).containsExactlyElementsOf(list("", true));
  }

  private List<String> walk(String directory) {
    List<String> files = new ArrayList<>();
    for (String name : list(directory, false)) {
      if (name.endsWith("/")) {
        List<String> below = walk(name.substring(0, name.length() - 1));
        assertThat(below).as("files below " + name).isNotEmpty();
        files.addAll(below);
      } else {
        files.add(name);
      }
    }
    return files;
  }

  @Test
  void publish_onePathByMany_endsWithOneOfThem() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<Artifact>> work = new ArrayList<>();
    try {
      for (int i = 0; i < 32; i++) {
        String text = "text " + i;
        work.add(threads.submit(() -> publish("new/folder/file", text)));
      }
      List<Entry> published = new ArrayList<>();
      for (Future<Artifact> future : work) {
        published.add(future.get());
      }
      Entry last = artifacts.find(path("new/folder/file")).orElseThrow();
      assertThat(published)
          .extracting(entry -> ((Artifact) entry).sha256())
          .contains(((Artifact) last).sha256());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void snapshot_directory_hasCanonicalDigestAndStays() {
    publish("m/MLmodel", "flavors");
    publish("m/data/model.bin", "weights");

    Manifest manifest = manifests.snapshot(path("m"), path("models/digits/versions/1"));
    publish("m/MLmodel", "changed");
    artifacts.delete(path("m/data"), true);

    String canonical =
        content("flavors").sha256()
            + " 7 MLmodel\n"
            + content("weights").sha256()
            + " 7 data/model.bin\n";
    MessageDigest digest = Sha256.newDigest();
    digest.update(canonical.getBytes(StandardCharsets.UTF_8));
    assertThat(manifest).isEqualTo(new Manifest(Sha256.of(digest), 14, 2, NOW));
    assertThat(manifests.get(manifest.digest())).isEqualTo(manifest);
    assertThat(manifests.list(manifest.digest(), page(10, "")).items())
        .containsExactly(
            new ManifestEntry(path("MLmodel"), content("flavors")),
            new ManifestEntry(path("data/model.bin"), content("weights")));
  }

  @Test
  void snapshot_again_answersTheFirstUntilReleased() {
    publish("m/a", "1");
    Manifest first = manifests.snapshot(path("m"), path("h"));
    publish("m/b", "2");

    assertThat(manifests.snapshot(path("m"), path("h"))).isEqualTo(first);
    assertThat(manifests.release(path("h"))).isEqualTo(1);
    assertThat(manifests.snapshot(path("m"), path("h")).fileCount()).isEqualTo(2);
    assertThat(manifests.release(path("h"), path("other"))).isZero();
    assertThat(manifests.release(path("h"), path("m"))).isEqualTo(1);
    assertThat(manifests.release(path("h"))).isZero();
  }

  @Test
  void snapshot_equalFolders_shareOneManifest() {
    publish("one/a", "1");
    publish("two/deep/a", "1");

    Manifest one = manifests.snapshot(path("one"), path("h1"));
    Manifest two = manifests.snapshot(path("two/deep"), path("h2"));

    assertThat(two).isEqualTo(one);
  }

  @Test
  void snapshot_oneFile_isNamedByItsLastSegment() {
    publish("d/é.txt", "1");

    Manifest manifest = manifests.snapshot(path("d/é.txt"), path("h"));

    assertThat(manifests.list(manifest.digest(), page(10, "")).items())
        .containsExactly(new ManifestEntry(path("é.txt"), content("1")));
  }

  @Test
  void snapshot_root_hasFullPaths() {
    publish("d/a", "1");

    Manifest manifest = manifests.snapshot(ArtifactPath.ROOT, path("h"));

    assertThat(manifests.list(manifest.digest(), page(10, "")).items())
        .containsExactly(new ManifestEntry(path("d/a"), content("1")));
  }

  @Test
  void snapshot_nothingThereOrTooMuch_isRefusedAndLeavesNothing() {
    assertThatThrownBy(() -> manifests.snapshot(path("m"), path("h")))
        .isInstanceOf(ArtifactNotFoundException.class);
    assertThatThrownBy(() -> manifests.snapshot(ArtifactPath.ROOT, path("h")))
        .isInstanceOf(ArtifactNotFoundException.class);
    for (int i = 0; i < 9; i++) {
      publish("m/" + i, "x");
    }
    assertThatThrownBy(() -> manifests.snapshot(path("m"), path("h")))
        .isInstanceOf(TooManyFilesException.class);
    assertThat(manifests.release(path("h"))).isZero();
  }

  @Test
  void list_manifestInPages_givesEachOnce() {
    for (int i = 0; i < 8; i++) {
      publish("m/" + i, "x");
    }
    Manifest manifest = manifests.snapshot(path("m"), path("h"));
    List<String> seen = new ArrayList<>();
    String token = "";
    do {
      Page<ManifestEntry> page = manifests.list(manifest.digest(), page(3, token));
      page.items().forEach(entry -> seen.add(entry.path().value()));
      token = page.nextPageToken();
    } while (!token.isEmpty());
    assertThat(seen).containsExactly("0", "1", "2", "3", "4", "5", "6", "7");
  }

  @Test
  void get_unknownManifest_isNotFound() {
    assertThatThrownBy(() -> manifests.get(content("x").sha256()))
        .isInstanceOf(ManifestNotFoundException.class);
  }

  @Test
  void list_folderOfManyFiles_isReadPageByPageAndEachOnce() {
    int files = 20_000;
    publish("many/00000", "x");
    insertFiles(1, files);
    for (boolean recursive : new boolean[] {true, false}) {
      String token = "";
      int seen = 0;
      do {
        Page<Entry> page = artifacts.list(path("many"), recursive, page(0, token));
        assertThat(page.items()).hasSizeLessThanOrEqualTo(1000);
        for (Entry entry : page.items()) {
          assertThat(entry.path().value()).isEqualTo("many/%05d".formatted(seen++));
        }
        token = page.nextPageToken();
      } while (!token.isEmpty());
      assertThat(seen).isEqualTo(files);
    }
    assertThat(artifacts.totals(path("many")).fileCount()).isEqualTo(files);
  }

  /** Adds rows like the first one, faster than by publishing each. */
  private void insertFiles(int from, int to) {
    OffsetDateTime now = NOW.atOffset(ZoneOffset.UTC);
    database.write(
        handle -> {
          EntryDao dao = handle.attach(EntryDao.class);
          for (int i = from; i < to; i++) {
            ArtifactPath file = path("many/%05d".formatted(i));
            dao.insertFile(
                file.utf8(), file.parent().utf8(), content("x").sha256().hex(), 1, TYPE, null, now);
          }
          return null;
        });
  }

  @Test
  void unchanged_whatWasNotTouchedForLong_isListedInPagesAndDeleted() {
    for (String name : List.of("a/1", "b/1", "c/d/1", "e")) {
      Artifact unused = publish("up/" + name, name);
    }
    Instant later = NOW.plusSeconds(1);

    assertThat(artifacts.listUnchanged(path("up"), NOW, Optional.empty(), 10).paths()).isEmpty();
    ArtifactStore.Unchanged first = artifacts.listUnchanged(path("up"), later, Optional.empty(), 3);
    assertThat(first.paths()).containsExactly(path("up/a"), path("up/b"), path("up/c"));
    assertThat(artifacts.listUnchanged(path("up"), later, first.last(), 3))
        .isEqualTo(new ArtifactStore.Unchanged(List.of(path("up/e")), Optional.empty()));
    assertThat(artifacts.deleteUnchanged(path("up/c"), NOW)).as("touched just now").isFalse();
    assertThat(artifacts.deleteUnchanged(path("up/c"), later)).isTrue();
    assertThat(artifacts.deleteUnchanged(path("up/c"), later)).as("again").isFalse();

    assertThat(list("up", true)).containsExactly("up/a/1", "up/b/1", "up/e");
  }

  @Test
  void unchanged_presignedUploadBelowIt_isNeitherListedNorDeleted() {
    for (String name : List.of("a/1", "b/1", "c/1")) {
      Artifact unused = publish("up/" + name, name);
    }
    begin("open", "up/a/d/2", NOW.plusSeconds(1));
    begin("expired", "up/b/2", NOW);
    Instant later = NOW.plusSeconds(1);

    assertThat(artifacts.listUnchanged(path("up"), later, Optional.empty(), 10).paths())
        .containsExactly(path("up/b"), path("up/c"));
    assertThat(artifacts.deleteUnchanged(path("up/a"), later)).isFalse();
    assertThat(artifacts.deleteUnchanged(path("up/b"), later)).isTrue();
  }

  private void begin(String id, String path, Instant expireTime) {
    UploadId uploadId = new UploadId(id);
    UploadSpec spec =
        new UploadSpec(
            path(path),
            Optional.of(uploadId),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty(),
            false);
    PresignedUpload unused =
        new PresignedUploadStore(database)
            .findOrInsert(
                uploadId, spec, new PartPlan(OptionalLong.empty(), 5 << 20, 1), expireTime);
  }
}
