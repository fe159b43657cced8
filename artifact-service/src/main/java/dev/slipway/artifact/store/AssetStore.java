package dev.slipway.artifact.store;

import dev.slipway.artifact.asset.Asset;
import dev.slipway.artifact.asset.AssetName;
import dev.slipway.artifact.asset.AssetNotFoundException;
import dev.slipway.artifact.asset.AssetVersion;
import dev.slipway.artifact.asset.AssetVersionNotFoundException;
import dev.slipway.artifact.asset.VersionNumber;
import dev.slipway.artifact.asset.VersionSelector;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** Reads assets. Thread-safe. */
public final class AssetStore {
  /**
   * Most bytes of text in a page, but for its first item: what clients accept by default is 4 MiB,
   * and one version has up to 2.2 MB.
   */
  private static final long MAX_PAGE_TEXT_BYTES = 1 << 20;

  // Behind every version.
  private static final long BEYOND = Long.MAX_VALUE;

  private final Database database;

  /** Creates the store on a migrated database. */
  public AssetStore(Database database) {
    this.database = database;
  }

  /**
   * Returns an asset.
   *
   * @throws AssetNotFoundException if there is none
   */
  public Asset get(AssetName name) {
    return database.read(handle -> require(handle.attach(AssetDao.class), name).asset());
  }

  private static AssetRows.AssetRow require(AssetDao dao, AssetName name) {
    return dao.find(name.utf8()).orElseThrow(() -> new AssetNotFoundException(name));
  }

  /**
   * Returns the version that is meant, as of one moment.
   *
   * @throws AssetNotFoundException if there is no such asset
   * @throws AssetVersionNotFoundException if it has no such version
   */
  public AssetVersion get(AssetName name, VersionSelector selector) {
    return database.read(
        handle -> {
          AssetDao dao = handle.attach(AssetDao.class);
          Optional<AssetRows.VersionRow> row = find(dao, name, selector);
          if (row.isEmpty()) {
            require(dao, name);
            throw new AssetVersionNotFoundException(name, selector);
          }
          return withFacts(dao, List.of(row.get())).get(0);
        });
  }

  /** Versions never go, so that one statement sees what was newest at one moment. */
  private static Optional<AssetRows.VersionRow> find(
      AssetDao dao, AssetName name, VersionSelector selector) {
    if (selector instanceof VersionSelector.Exactly exactly) {
      VersionNumber number = exactly.version();
      return dao.findVersion(name.utf8(), number.major(), number.minor())
          .filter(row -> row.version().number().equals(number));
    }
    if (selector instanceof VersionSelector.NewestOfMajor newest) {
      // A date is none of a major, though its seconds are a number.
      return dao.findNewestOf(name.utf8(), newest.major())
          .filter(row -> row.version().number().scheme() == VersionNumber.numbers(0, 0).scheme());
    }
    return dao.findNewest(name.utf8());
  }

  /** Returns a page of the assets whose name begins with a prefix, sorted by name. */
  public Page<Asset> list(String namePrefix, PageRequest page) {
    PrefixRange range = PrefixRange.of(namePrefix);
    byte[] after =
        page.after(keys -> range.requireInside(PathRange.utf8(keys.get(0)))).orElse(range.after());
    List<Asset> rows =
        database.search(
            handle ->
                handle.attach(AssetDao.class).list(after, range.end(), page.size() + 1).stream()
                    .map(AssetRows.AssetRow::asset)
                    .toList());
    return page(
        rows,
        page,
        asset -> PathRange.utf8(asset.description()).length,
        asset -> List.of(asset.name().value()));
  }

  /**
   * Returns a page of the versions of an asset, newest first.
   *
   * @throws AssetNotFoundException if there is no such asset
   */
  public Page<AssetVersion> listVersions(AssetName name, PageRequest page) {
    long[] before =
        page.after(keys -> new long[] {Long.parseLong(keys.get(0)), Long.parseLong(keys.get(1))})
            .orElse(new long[] {BEYOND, BEYOND});
    return database.search(
        handle -> {
          AssetDao dao = handle.attach(AssetDao.class);
          List<AssetRows.VersionRow> rows =
              dao.listVersions(name.utf8(), before[0], before[1], page.size() + 1);
          if (rows.isEmpty()) {
            require(dao, name);
          }
          Page<AssetRows.VersionRow> cut =
              page(
                  rows,
                  page,
                  AssetRows.VersionRow::textBytes,
                  row ->
                      List.of(
                          Long.toString(row.version().number().major()),
                          Long.toString(row.version().number().minor())));
          return new Page<>(withFacts(dao, cut.items()), cut.nextPageToken());
        });
  }

  /** Ends a page where its items are enough, or its text is. */
  private static <T> Page<T> page(
      List<T> rows, PageRequest page, ToLongFunction<T> textBytes, Function<T, List<String>> keys) {
    int count = 0;
    long bytes = 0;
    for (T row : rows) {
      bytes += textBytes.applyAsLong(row);
      if (count == page.size() || (count > 0 && bytes > MAX_PAGE_TEXT_BYTES)) {
        break;
      }
      count++;
    }
    if (count == rows.size()) {
      return new Page<>(rows, "");
    }
    T last = rows.get(count - 1);
    return new Page<>(
        rows.subList(0, count), PageToken.encode(page.fingerprint(), keys.apply(last)));
  }

  /** Adds the facts to versions of one asset, newest first. */
  static List<AssetVersion> withFacts(AssetDao dao, List<AssetRows.VersionRow> rows) {
    if (rows.isEmpty()) {
      return List.of();
    }
    VersionNumber newest = rows.get(0).version().number();
    VersionNumber oldest = rows.get(rows.size() - 1).version().number();
    Map<List<Long>, Map<String, String>> facts = new HashMap<>();
    for (AssetRows.FactRow fact :
        dao.listFacts(
            rows.get(0).version().name().utf8(),
            oldest.major(),
            oldest.minor(),
            newest.major(),
            newest.minor())) {
      facts
          .computeIfAbsent(List.of(fact.major(), fact.minor()), version -> new TreeMap<>())
          .put(fact.metadataKey(), fact.metadataValue());
    }
    List<AssetVersion> versions = new ArrayList<>();
    for (AssetRows.VersionRow row : rows) {
      VersionNumber number = row.version().number();
      versions.add(
          row.version()
              .withMetadata(facts.getOrDefault(List.of(number.major(), number.minor()), Map.of())));
    }
    return versions;
  }
}
