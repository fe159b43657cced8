package dev.slipway.artifact.store;

import dev.slipway.artifact.asset.AssetAlreadyExistsException;
import dev.slipway.artifact.asset.AssetName;
import dev.slipway.artifact.asset.AssetNotFoundException;
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
import dev.slipway.artifact.asset.VersionSelector;
import dev.slipway.artifact.asset.VersioningScheme;
import dev.slipway.artifact.asset.VersioningSchemeDiffersException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.content.ManifestNotFoundException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.error.InvalidRequestException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Pushes versions of assets. Each push is one transaction that holds the lock of the asset's row,
 * so that pushes of one asset follow one another, over all replicas. Thread-safe.
 */
public final class AssetPublisher {
  private final Database database;
  private final ManifestStore manifests;
  private final Clock clock;

  /** Creates the publisher on a migrated database. */
  public AssetPublisher(Database database, ManifestStore manifests, Clock clock) {
    this.database = database;
    this.manifests = manifests;
    this.clock = clock;
  }

  /**
   * Pushes a version: with all its files, or nothing. A request that was carried out before is
   * answered with what it made.
   *
   * @throws AssetNotFoundException if the next version of an asset is wanted that is not there
   * @throws AssetVersionNotFoundException if it has no version of the major to raise within
   * @throws AssetAlreadyExistsException if the first version of an asset is wanted that is there
   * @throws AssetVersionAlreadyExistsException if the version is there
   * @throws VersioningSchemeDiffersException if the asset is there with another scheme
   * @throws InvalidRequestException if the version, or the way to raise it, is none of the scheme
   * @throws dev.slipway.artifact.asset.VersionNumbersExhaustedException if there is no next number
   * @throws dev.slipway.artifact.content.ArtifactNotFoundException if there is no file at the path
   * @throws ManifestNotFoundException if there is no such manifest
   * @throws dev.slipway.artifact.content.TooManyFilesException if there are more files than a
   *     manifest may have
   * @throws FileCountDiffersException if there are more or less files than are expected
   * @throws RequestIdReusedException if another request has this id
   */
  public AssetVersion push(NewVersion version) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    return Races.writeAgainstCollection(database, handle -> push(handle, version, now));
  }

  private AssetVersion push(Handle handle, NewVersion version, Instant now) {
    AssetDao dao = handle.attach(AssetDao.class);
    Optional<AssetRows.AssetRow> asset = dao.lock(version.name().utf8());
    // Only now: the first try of this request may have been what the lock was waiting for.
    Optional<AssetVersion> earlier = findEarlier(dao, version.request());
    if (earlier.isPresent()) {
      return earlier.get();
    }
    VersionNumber number = number(dao, version, asset, now);
    // An asset that was not there a moment ago and is now is met at its insertion, and the whole is
    // run again.
    if (asset.isPresent()
        && dao.findVersion(version.name().utf8(), number.major(), number.minor()).isPresent()) {
      throw new AssetVersionAlreadyExistsException(version.name(), number);
    }
    ManifestStore.Recorded files = files(handle, version.source(), time(now));
    save(dao, version, asset, number, now);
    insert(dao, version, number, files, now);
    return new AssetVersion(
        version.name(),
        number,
        files.manifest().digest(),
        files.directory(),
        files.manifest().sizeBytes(),
        files.manifest().fileCount(),
        version.notes(),
        now);
  }

  private static Optional<AssetVersion> findEarlier(AssetDao dao, Optional<PushRequest> request) {
    Optional<AssetRows.VersionRow> row = request.map(PushRequest::id).flatMap(dao::findByRequest);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    if (!row.get().fingerprint().equals(request.map(PushRequest::fingerprint))) {
      throw new RequestIdReusedException(request.orElseThrow().id());
    }
    return Optional.of(AssetStore.withFacts(dao, List.of(row.get())).get(0));
  }

  private static VersionNumber number(
      AssetDao dao, NewVersion version, Optional<AssetRows.AssetRow> asset, Instant now) {
    AssetName name = version.name();
    if (version.choice() instanceof VersionChoice.First first) {
      if (asset.isPresent()) {
        throw new AssetAlreadyExistsException(name);
      }
      return VersionNumber.first(first.scheme(), now);
    }
    if (version.choice() instanceof VersionChoice.Given given) {
      return requireOfScheme(name, given, asset);
    }
    VersionNumber latest = asset.orElseThrow(() -> new AssetNotFoundException(name)).latest();
    VersionChoice.Next next = (VersionChoice.Next) version.choice();
    if (next.withinMajor().isEmpty()) {
      return latest.next(next.bumpMajor(), now);
    }
    if (latest.scheme() == VersioningScheme.DATE) {
      throw InvalidRequestException.of(
          "within_major", "must be unset: the versions of asset " + name + " are dates");
    }
    long major = next.withinMajor().getAsLong();
    return dao.findNewestOf(name.utf8(), major)
        .orElseThrow(
            () -> new AssetVersionNotFoundException(name, new VersionSelector.NewestOfMajor(major)))
        .version()
        .number()
        .next(false, now);
  }

  private static VersionNumber requireOfScheme(
      AssetName name, VersionChoice.Given given, Optional<AssetRows.AssetRow> asset) {
    Optional<VersioningScheme> present = asset.map(row -> row.latest().scheme());
    if (present.isPresent() && given.scheme().isPresent() && !present.equals(given.scheme())) {
      throw new VersioningSchemeDiffersException(name, present.get());
    }
    VersioningScheme scheme = present.or(given::scheme).orElse(VersioningScheme.MAJOR_MINOR);
    if (given.number().scheme() != scheme) {
      throw InvalidRequestException.of(
          "version",
          "is no complete version of scheme " + scheme + ", which asset " + name + " has");
    }
    return given.number();
  }

  private ManifestStore.Recorded files(Handle handle, AssetSource source, OffsetDateTime now) {
    if (source instanceof AssetSource.Recorded recorded) {
      return recorded(handle, recorded.digest());
    }
    AssetSource.Tree tree = (AssetSource.Tree) source;
    ManifestStore.Recorded files = record(handle, tree, now);
    long present = files.manifest().fileCount();
    if (tree.fileCount().isPresent() && tree.fileCount().getAsLong() != present) {
      throw new FileCountDiffersException(tree.path(), tree.fileCount().getAsLong(), present);
    }
    return files;
  }

  private ManifestStore.Recorded record(Handle handle, AssetSource.Tree tree, OffsetDateTime now) {
    EntryDao entries = handle.attach(EntryDao.class);
    if (!tree.delete()) {
      return manifests.record(handle, tree.path(), now, () -> {});
    }
    // What is deleted must be what was recorded.
    ArtifactStore.lock(entries, tree.path());
    return manifests.record(
        handle, tree.path(), now, () -> ArtifactStore.delete(entries, tree.path(), true));
  }

  private ManifestStore.Recorded recorded(Handle handle, Sha256 digest) {
    ManifestDao dao = handle.attach(ManifestDao.class);
    long id = manifests.keep(handle, digest);
    Manifest manifest = dao.find(digest.hex()).orElseThrow();
    PathRange all = PathRange.below(ArtifactPath.ROOT);
    List<ManifestEntry> first = dao.list(digest.hex(), all.after(), all.end(), 1);
    boolean file = manifest.fileCount() == 1 && first.get(0).path().parent().isRoot();
    return new ManifestStore.Recorded(id, manifest, !file);
  }

  private static void save(
      AssetDao dao,
      NewVersion version,
      Optional<AssetRows.AssetRow> asset,
      VersionNumber number,
      Instant now) {
    String said = version.notes().description();
    if (asset.isEmpty()) {
      dao.insert(row(version.name(), number, said, 1, time(now), time(now)));
      return;
    }
    AssetRows.AssetRow row = asset.get();
    boolean newest = number.compareTo(row.latest()) > 0;
    dao.update(
        row(
            version.name(),
            newest ? number : row.latest(),
            said.isEmpty() ? row.description() : said,
            row.versionCount() + 1,
            row.createTime(),
            newest ? time(now) : row.updateTime()));
  }

  private static AssetRows.AssetRow row(
      AssetName name,
      VersionNumber latest,
      String description,
      long versionCount,
      OffsetDateTime createTime,
      OffsetDateTime updateTime) {
    return new AssetRows.AssetRow(
        name.utf8(),
        AssetRows.code(latest.scheme()),
        description,
        latest.major(),
        latest.minor(),
        versionCount,
        createTime,
        updateTime);
  }

  private static void insert(
      AssetDao dao,
      NewVersion version,
      VersionNumber number,
      ManifestStore.Recorded files,
      Instant now) {
    byte[] name = version.name().utf8();
    dao.insertVersion(
        name,
        number.major(),
        number.minor(),
        files.id(),
        files.directory(),
        version.notes().author(),
        version.notes().description(),
        version.notes().textBytes(),
        version.request().map(PushRequest::id).orElse(null),
        version.request().map(PushRequest::fingerprint).orElse(null),
        time(now));
    List<AssetRows.FactRow> facts =
        version.notes().metadata().entrySet().stream()
            .map(
                fact ->
                    new AssetRows.FactRow(
                        number.major(), number.minor(), fact.getKey(), fact.getValue()))
            .toList();
    if (!facts.isEmpty()) {
      dao.insertFacts(name, facts);
    }
  }

  private static OffsetDateTime time(Instant now) {
    return OffsetDateTime.ofInstant(now, ZoneOffset.UTC);
  }
}
