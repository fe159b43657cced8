package dev.slipway.artifact.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.asset.Asset;
import dev.slipway.artifact.asset.AssetAlreadyExistsException;
import dev.slipway.artifact.asset.AssetName;
import dev.slipway.artifact.asset.AssetNotFoundException;
import dev.slipway.artifact.asset.AssetNotes;
import dev.slipway.artifact.asset.AssetSource;
import dev.slipway.artifact.asset.AssetVersion;
import dev.slipway.artifact.asset.AssetVersionAlreadyExistsException;
import dev.slipway.artifact.asset.AssetVersionNotFoundException;
import dev.slipway.artifact.asset.FileCountDiffersException;
import dev.slipway.artifact.asset.NewVersion;
import dev.slipway.artifact.asset.PushRequest;
import dev.slipway.artifact.asset.RequestIdReusedException;
import dev.slipway.artifact.asset.VersionChoice;
import dev.slipway.artifact.asset.VersionNumber;
import dev.slipway.artifact.asset.VersionNumbersExhaustedException;
import dev.slipway.artifact.asset.VersionSelector;
import dev.slipway.artifact.asset.VersioningScheme;
import dev.slipway.artifact.asset.VersioningSchemeDiffersException;
import dev.slipway.artifact.content.ArtifactNotFoundException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.content.ManifestNotFoundException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.content.TooManyFilesException;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what the stores of assets promise on every database, over two replicas. */
abstract class AssetStoreContract {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.123456Z");
  private static final AssetNotes NO_NOTES = AssetNotes.of("", "", Map.of());
  private static final VersionChoice FIRST = new VersionChoice.First(VersioningScheme.MAJOR_MINOR);
  private static final VersionChoice NEXT = new VersionChoice.Next(false, OptionalLong.empty());
  private static final VersionChoice NEXT_MAJOR =
      new VersionChoice.Next(true, OptionalLong.empty());
  private static final VersionSelector NEWEST = new VersionSelector.Newest();
  private static final int MAX_FILES = 8;

  private final List<Database> replicas = new ArrayList<>();
  private final List<AssetPublisher> publishers = new ArrayList<>();
  private ArtifactStore artifacts;
  private ManifestStore manifests;
  private AssetStore assets;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    DatabaseConfig config = database();
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    for (int i = 0; i < 2; i++) {
      Database replica =
          Database.open(config, "artifact", "db/migration/artifact", new MetricRegistry());
      replicas.add(replica);
      manifests = new ManifestStore(replica, clock, MAX_FILES);
      publishers.add(new AssetPublisher(replica, manifests, clock));
      artifacts = new ArtifactStore(replica, clock);
      assets = new AssetStore(replica);
    }
    publish("up/a.txt", "hello");
    publish("up/d/b.txt", "world!");
  }

  @AfterEach
  void close() {
    replicas.forEach(Database::close);
  }

  private void publish(String path, String text) {
    Content content = Bytes.content(text.getBytes(StandardCharsets.UTF_8));
    artifacts.publish(
        new ArtifactPath(path),
        artifacts.lookUp(content.sha256()).stored(content, it -> true),
        "text/plain",
        Optional.empty(),
        false);
  }

  private static AssetSource tree(String path) {
    return new AssetSource.Tree(new ArtifactPath(path), false);
  }

  private static NewVersion version(String name, VersionChoice choice) {
    return version(name, choice, tree("up"), NO_NOTES);
  }

  private static NewVersion version(
      String name, VersionChoice choice, AssetSource source, AssetNotes notes) {
    return new NewVersion(new AssetName(name), choice, source, notes, Optional.empty());
  }

  private static VersionChoice given(String version) {
    return new VersionChoice.Given(VersionNumber.parse(version), Optional.empty());
  }

  private AssetVersion push(NewVersion version) {
    return publishers.get(0).push(version);
  }

  private String push(String name, VersionChoice choice) {
    return push(version(name, choice)).number().toString();
  }

  private AssetVersion get(String name, VersionSelector selector) {
    return assets.get(new AssetName(name), selector);
  }

  private String newest(String name, long major) {
    return get(name, new VersionSelector.NewestOfMajor(major)).number().toString();
  }

  private static PageRequest page(int size, String token) {
    Violations violations = new Violations();
    PageRequest page = PageRequest.of(size, token, 1000, 1000, "test", violations);
    violations.throwIfAny();
    return page;
  }

  private List<ManifestEntry> entries(AssetVersion version) {
    return manifests.list(version.manifest(), page(100, "")).items();
  }

  @Test
  void push_newAsset_isThereWithAllThatWasSaid() {
    AssetNotes notes = AssetNotes.of("ada", "first", Map.of("run", "r1", "😀", ""));

    AssetVersion pushed = push(version("words/en", FIRST, tree("up"), notes));

    assertThat(pushed.number()).hasToString("0.0");
    assertThat(pushed.directory()).isTrue();
    assertThat(pushed.fileCount()).isEqualTo(2);
    assertThat(pushed.sizeBytes()).isEqualTo(11);
    assertThat(pushed.notes()).isEqualTo(notes);
    assertThat(get("words/en", NEWEST)).isEqualTo(pushed);
    assertThat(entries(pushed))
        .extracting(entry -> entry.path().value())
        .containsExactly("a.txt", "d/b.txt");
    assertThat(assets.get(new AssetName("words/en")))
        .isEqualTo(
            new Asset(
                new AssetName("words/en"), "first", VersionNumber.numbers(0, 0), 1, NOW, NOW));
  }

  @Test
  void push_versionHeldByItself_staysWhenTheSourceGoes() {
    AssetVersion pushed = push(version("a", FIRST));

    artifacts.delete(new ArtifactPath("up"), true);

    assertThat(entries(get("a", NEWEST))).hasSize(2);
    assertThat(get("a", NEWEST)).isEqualTo(pushed);
  }

  @Test
  void push_file_hasOneEntryOfItsName() {
    AssetVersion pushed = push(version("a", FIRST, tree("up/d/b.txt"), NO_NOTES));

    assertThat(pushed.directory()).isFalse();
    assertThat(entries(pushed)).extracting(e -> e.path().value()).containsExactly("b.txt");
  }

  @Test
  void push_manifest_takesItsFiles() {
    Manifest folder = manifests.snapshot(new ArtifactPath("up"), new ArtifactPath("h"));
    Manifest file = manifests.snapshot(new ArtifactPath("up/a.txt"), new ArtifactPath("h"));

    AssetVersion ofFolder =
        push(version("a", FIRST, new AssetSource.Recorded(folder.digest()), NO_NOTES));
    AssetVersion ofFile =
        push(version("b", FIRST, new AssetSource.Recorded(file.digest()), NO_NOTES));

    assertThat(ofFolder.manifest()).isEqualTo(folder.digest());
    assertThat(ofFolder.directory()).isTrue();
    assertThat(ofFile.directory()).isFalse();
    Sha256 unknown = new Sha256("0".repeat(64));
    assertThatThrownBy(() -> push(version("c", FIRST, new AssetSource.Recorded(unknown), NO_NOTES)))
        .isInstanceOf(ManifestNotFoundException.class);
  }

  @Test
  void push_deleteSource_removesExactlyWhatItTook() {
    publish("up2/c", "c");

    push(version("a", FIRST, new AssetSource.Tree(new ArtifactPath("up"), true), NO_NOTES));
    push(version("b", FIRST, new AssetSource.Tree(new ArtifactPath("up2/c"), true), NO_NOTES));

    assertThat(artifacts.find(new ArtifactPath("up"))).isEmpty();
    assertThat(artifacts.find(new ArtifactPath("up2"))).isEmpty();
    assertThat(entries(get("a", NEWEST))).hasSize(2);
    assertThat(entries(get("b", NEWEST))).hasSize(1);
  }

  @Test
  void push_notTheFilesThatAreExpected_isRefusedAndLeavesAll() {
    for (long count : new long[] {1, 3}) {
      assertThatThrownBy(
              () ->
                  push(
                      version(
                          "a",
                          FIRST,
                          new AssetSource.Tree(
                              new ArtifactPath("up"), true, OptionalLong.of(count)),
                          NO_NOTES)))
          .isInstanceOf(FileCountDiffersException.class)
          .hasMessageContaining("2 files at 'up' instead of " + count);
    }
    assertThatThrownBy(() -> assets.get(new AssetName("a")))
        .isInstanceOf(AssetNotFoundException.class);

    push(
        version(
            "a",
            FIRST,
            new AssetSource.Tree(new ArtifactPath("up"), true, OptionalLong.of(2)),
            NO_NOTES));
    assertThat(entries(get("a", NEWEST))).hasSize(2);
  }

  @Test
  void push_nothingAtTheSource_leavesNothing() {
    assertThatThrownBy(() -> push(version("a", FIRST, tree("none"), NO_NOTES)))
        .isInstanceOf(ArtifactNotFoundException.class);
    for (int i = 0; i <= MAX_FILES; i++) {
      publish("many/" + i, "x");
    }
    assertThatThrownBy(
            () ->
                push(
                    version(
                        "a",
                        FIRST,
                        new AssetSource.Tree(new ArtifactPath("many"), true),
                        NO_NOTES)))
        .isInstanceOf(TooManyFilesException.class);

    assertThatThrownBy(() -> assets.get(new AssetName("a")))
        .isInstanceOf(AssetNotFoundException.class);
    assertThat(artifacts.find(new ArtifactPath("many"))).isPresent();
  }

  @Test
  void push_whatIsThere_isRefused() {
    push("a", FIRST);

    assertThatThrownBy(() -> push("a", FIRST)).isInstanceOf(AssetAlreadyExistsException.class);
    assertThatThrownBy(() -> push("a", given("0.0")))
        .isInstanceOf(AssetVersionAlreadyExistsException.class);
    assertThatThrownBy(() -> push("b", NEXT)).isInstanceOf(AssetNotFoundException.class);
    assertThat(assets.get(new AssetName("a")).versionCount()).isEqualTo(1);
  }

  @Test
  void push_givenVersion_mayBeOlderThanTheNewest() {
    assertThat(push("a", given("3.4"))).isEqualTo("3.4");
    assertThat(push("a", given("1.0"))).isEqualTo("1.0");

    Asset asset = assets.get(new AssetName("a"));
    assertThat(asset.latest()).hasToString("3.4");
    assertThat(asset.versionCount()).isEqualTo(2);
    assertThat(push("a", NEXT)).isEqualTo("3.5");
  }

  @Test
  void push_anotherScheme_isRefused() {
    push("a", FIRST);
    push("d", new VersionChoice.First(VersioningScheme.DATE));
    VersionNumber date = VersionNumber.parse("2030-01-01T00-00-00Z");

    assertThatThrownBy(() -> push("a", given(date.toString())))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(
            () -> push("a", new VersionChoice.Given(date, Optional.of(VersioningScheme.DATE))))
        .isInstanceOf(VersioningSchemeDiffersException.class);
    assertThatThrownBy(() -> push("d", given("1.0"))).isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> push("d", new VersionChoice.Next(false, OptionalLong.of(1))))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> push("new", given(date.toString())))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void push_next_raisesWhatIsAsked() {
    push("a", FIRST);

    assertThat(push("a", NEXT)).isEqualTo("0.1");
    assertThat(push("a", NEXT_MAJOR)).isEqualTo("1.0");
    assertThat(push("a", new VersionChoice.Next(false, OptionalLong.of(0)))).isEqualTo("0.2");
    assertThat(push("a", NEXT)).isEqualTo("1.1");
    assertThatThrownBy(() -> push("a", new VersionChoice.Next(false, OptionalLong.of(7))))
        .isInstanceOf(AssetVersionNotFoundException.class);
    push("a", given("1.999999999"));
    assertThatThrownBy(() -> push("a", NEXT)).isInstanceOf(VersionNumbersExhaustedException.class);
  }

  @Test
  void push_dates_getDistinctSeconds() {
    assertThat(push("d", new VersionChoice.First(VersioningScheme.DATE)))
        .isEqualTo("2026-01-02T03-04-05Z");
    assertThat(push("d", NEXT)).isEqualTo("2026-01-02T03-04-06Z");
    assertThat(push("d", NEXT_MAJOR)).isEqualTo("2026-01-02T03-04-07Z");
    assertThat(get("d", NEWEST).number()).hasToString("2026-01-02T03-04-07Z");
    assertThatThrownBy(() -> newest("d", get("d", NEWEST).number().major()))
        .isInstanceOf(AssetVersionNotFoundException.class);
    assertThatThrownBy(
            () ->
                get(
                    "d",
                    new VersionSelector.Exactly(
                        VersionNumber.numbers(get("d", NEWEST).number().major() % 1000, 0))))
        .isInstanceOf(AssetVersionNotFoundException.class);
  }

  @Test
  void push_descriptionOfTheAsset_isThatOfTheLastThatGaveOne() {
    push(version("a", FIRST, tree("up"), AssetNotes.of("", "one", Map.of())));
    push("a", NEXT);

    assertThat(assets.get(new AssetName("a")).description()).isEqualTo("one");
    push(version("a", NEXT, tree("up"), AssetNotes.of("", "two", Map.of())));
    assertThat(assets.get(new AssetName("a")).description()).isEqualTo("two");
    assertThat(get("a", new VersionSelector.Exactly(VersionNumber.numbers(0, 1))).notes())
        .isEqualTo(NO_NOTES);
  }

  @Test
  void get_partialVersion_isTheNewestOfExactlyThatMajor() {
    for (String version : List.of("1.2", "1.10", "12.5", "2.0", "11.9")) {
      push("a", given(version));
    }

    assertThat(newest("a", 1)).isEqualTo("1.10");
    assertThat(newest("a", 12)).isEqualTo("12.5");
    assertThat(get("a", NEWEST).number()).hasToString("12.5");
    assertThatThrownBy(() -> newest("a", 3)).isInstanceOf(AssetVersionNotFoundException.class);
    assertThatThrownBy(() -> newest("b", 3)).isInstanceOf(AssetNotFoundException.class);
  }

  @Test
  void push_retried_answersTheFirst() {
    PushRequest request = new PushRequest("req-1", "f".repeat(64));
    NewVersion version =
        new NewVersion(
            new AssetName("a"),
            FIRST,
            new AssetSource.Tree(new ArtifactPath("up"), true),
            AssetNotes.of("ada", "", Map.of("k", "v")),
            Optional.of(request));
    AssetVersion first = push(version);

    assertThat(publishers.get(1).push(version)).isEqualTo(first);
    assertThat(assets.get(new AssetName("a")).versionCount()).isEqualTo(1);
    NewVersion other =
        new NewVersion(
            new AssetName("b"),
            FIRST,
            tree("up"),
            NO_NOTES,
            Optional.of(new PushRequest("req-1", "e".repeat(64))));
    assertThatThrownBy(() -> push(other)).isInstanceOf(RequestIdReusedException.class);
  }

  @Test
  void listPart_isAFileOrWhatLiesInAFolderUpToALimit() {
    for (String path : List.of("d/x/1", "d/x/2", "d/x/3", "d/x-", "d/x0", "d/y")) {
      publish(path, path);
    }
    Sha256 manifest = push(version("a", FIRST, tree("d"), NO_NOTES)).manifest();

    assertThat(part(manifest, "x", 2)).containsExactly("x/1", "x/2");
    assertThat(part(manifest, "x", 9)).containsExactly("x/1", "x/2", "x/3");
    assertThat(part(manifest, "x/3", 9)).containsExactly("x/3");
    assertThat(part(manifest, "y/z", 9)).isEmpty();
    assertThat(part(manifest, "", 4)).containsExactly("x-", "x/1", "x/2", "x/3");
  }

  private List<String> part(Sha256 manifest, String part, int limit) {
    return manifests.list(manifest, new ArtifactPath(part), limit).stream()
        .map(entry -> entry.path().value())
        .toList();
  }

  @Test
  void list_pages_areSortedByBytesAndOfThePrefix() {
    for (String name : List.of("b", "B", "a/x", "a-x", "a/y", "a", "ab", "a0")) {
      push(name, FIRST);
    }

    assertThat(names("", 3)).containsExactly("B", "a", "a-x", "a/x", "a/y", "a0", "ab", "b");
    assertThat(names("a", 1)).containsExactly("a", "a-x", "a/x", "a/y", "a0", "ab");
    assertThat(names("a/", 5)).containsExactly("a/x", "a/y");
    assertThat(names("c", 5)).isEmpty();
  }

  private List<String> names(String prefix, int size) {
    List<String> names = new ArrayList<>();
    String token = "";
    do {
      Page<Asset> page = assets.list(prefix, page(size, token));
      assertThat(page.items().size()).isLessThanOrEqualTo(size);
      page.items().forEach(asset -> names.add(asset.name().value()));
      token = page.nextPageToken();
    } while (!token.isEmpty());
    return names;
  }

  private List<List<AssetVersion>> versionPages(String name, int size) {
    List<List<AssetVersion>> pages = new ArrayList<>();
    String token = "";
    do {
      Page<AssetVersion> page = assets.listVersions(new AssetName(name), page(size, token));
      pages.add(page.items());
      token = page.nextPageToken();
    } while (!token.isEmpty());
    return pages;
  }

  @Test
  void listVersions_pages_areNewestFirstEachWithItsFacts() {
    for (String number : List.of("1.9", "1.10", "10.0", "2.0", "0.0")) {
      push(version("a", given(number), tree("up"), AssetNotes.of("", "", Map.of("is", number))));
    }

    List<List<AssetVersion>> pages = versionPages("a", 2);

    assertThat(pages).hasSize(3);
    assertThat(pages.stream().flatMap(List::stream))
        .extracting(version -> version.number().toString())
        .containsExactly("10.0", "2.0", "1.10", "1.9", "0.0");
    assertThat(pages.stream().flatMap(List::stream))
        .allMatch(v -> v.notes().metadata().equals(Map.of("is", v.number().toString())));
    assertThatThrownBy(() -> versionPages("b", 2)).isInstanceOf(AssetNotFoundException.class);
  }

  @Test
  void listVersions_muchText_endsThePageEarly() {
    Map<String, String> facts = new HashMap<>();
    IntStream.range(0, 100).forEach(i -> facts.put("key" + i, "é".repeat(5000)));
    for (int i = 0; i < 3; i++) {
      push(version("a", given("1." + i), tree("up"), AssetNotes.of("", "", facts)));
    }

    List<List<AssetVersion>> pages = versionPages("a", 1000);

    assertThat(pages).extracting(List::size).containsExactly(1, 1, 1);
    assertThat(pages.get(0).get(0).notes().metadata()).isEqualTo(facts);
  }

  /** Runs a task many times at once, half of them on each replica. */
  private <T> List<T> race(int count, IntFunction<Callable<T>> task)
      throws InterruptedException, ExecutionException {
    ExecutorService pool = Executors.newFixedThreadPool(count);
    try {
      CyclicBarrier start = new CyclicBarrier(count);
      List<Future<T>> futures = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Callable<T> mine = task.apply(i);
        futures.add(
            pool.submit(
                () -> {
                  start.await();
                  return mine.call();
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void push_manyUpdatesAtOnce_getDistinctVersionsWithoutGaps() throws Exception {
    push("a", FIRST);

    List<String> versions =
        race(
                8,
                i ->
                    () -> {
                      List<String> mine = new ArrayList<>();
                      for (int n = 0; n < 5; n++) {
                        mine.add(
                            publishers.get(i % 2).push(version("a", NEXT)).number().toString());
                      }
                      return mine;
                    })
            .stream()
            .flatMap(List::stream)
            .toList();

    assertThat(versions)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.rangeClosed(1, 40).mapToObj(n -> "0." + n).toList());
    assertThat(assets.get(new AssetName("a")).versionCount()).isEqualTo(41);
    assertThat(assets.get(new AssetName("a")).latest()).hasToString("0.40");
  }

  @Test
  void push_oneVersionAtOnce_succeedsExactlyOnce() throws Exception {
    for (VersionChoice choice : List.of(FIRST, given("1.0"))) {
      List<String> outcomes =
          race(
              6,
              i ->
                  () -> {
                    try {
                      return publishers.get(i % 2).push(version("a", choice)).number().toString();
                    } catch (ServiceException e) {
                      return e.reason();
                    }
                  });

      Set<String> kinds = new HashSet<>(outcomes);
      String won = choice == FIRST ? "0.0" : "1.0";
      assertThat(outcomes).containsOnlyOnce(won);
      assertThat(kinds).hasSize(2).contains(won);
      kinds.remove(won);
      assertThat(kinds).isSubsetOf("ASSET_ALREADY_EXISTS", "ASSET_VERSION_ALREADY_EXISTS");
    }
    assertThat(assets.get(new AssetName("a")).versionCount()).isEqualTo(2);
  }

  @Test
  void push_oneRequestAtOnce_isCarriedOutOnce() throws Exception {
    NewVersion version =
        new NewVersion(
            new AssetName("a"),
            FIRST,
            tree("up"),
            NO_NOTES,
            Optional.of(new PushRequest("r", "f".repeat(64))));

    List<AssetVersion> answers = race(6, i -> () -> publishers.get(i % 2).push(version));

    assertThat(new HashSet<>(answers)).hasSize(1);
    assertThat(assets.get(new AssetName("a")).versionCount()).isEqualTo(1);
  }

  @Test
  void push_deleteSourceWhileFilesCome_losesNone() throws Exception {
    push("a", FIRST);
    List<Integer> moved =
        race(
            2,
            i ->
                () -> {
                  int files = 0;
                  for (int n = 0; n < 40; n++) {
                    if (i == 0) {
                      publish("inbox/" + n % MAX_FILES, "text " + n);
                    } else {
                      files += takeInbox();
                    }
                  }
                  return files;
                });
    int taken = moved.get(1) + takeInbox();

    Set<String> seen = new HashSet<>();
    for (List<AssetVersion> page : versionPages("a", 100)) {
      for (AssetVersion version : page) {
        entries(version).forEach(entry -> seen.add(entry.content().sha256().hex()));
      }
    }
    assertThat(taken).isPositive();
    // The last that was put under each name was not replaced by anything: it must have been taken.
    for (int n = 40 - MAX_FILES; n < 40; n++) {
      assertThat(seen)
          .contains(Bytes.content(("text " + n).getBytes(StandardCharsets.UTF_8)).sha256().hex());
    }
  }

  @Test
  void push_deleteSource_waitsForDirectoriesBeforeOthersWaitForIt() throws Exception {
    publish("inbox/x/file", "text");
    Database other = replicas.get(0);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<AssetVersion> pushed =
          other.write(
              handle -> {
                handle.attach(EntryDao.class).lock(new ArtifactPath("inbox").utf8());
                AssetSource source = new AssetSource.Tree(new ArtifactPath("inbox/x/file"), true);
                Future<AssetVersion> waiting =
                    threads.submit(
                        () -> publishers.get(1).push(version("a", FIRST, source, NO_NOTES)));
                assertThatThrownBy(() -> waiting.get(300, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
                handle.attach(MaintenanceDao.class).lockOutDecisions();
                return waiting;
              });

      assertThat(pushed.get(30, TimeUnit.SECONDS).fileCount()).isEqualTo(1);
      assertThat(artifacts.find(new ArtifactPath("inbox"))).isEmpty();
    } finally {
      threads.shutdownNow();
    }
  }

  private int takeInbox() {
    try {
      return (int)
          publishers
              .get(0)
              .push(
                  version(
                      "a", NEXT, new AssetSource.Tree(new ArtifactPath("inbox"), true), NO_NOTES))
              .fileCount();
    } catch (ArtifactNotFoundException e) {
      return 0;
    }
  }
}
