package dev.slipway.registry.store;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Keeps account of snapshots in the artifact service that no version owns, so that a crash leaves
 * none behind for ever.
 *
 * <p>A registration writes its hold before it asks for the snapshot; the command that makes the
 * version takes the hold over. Whatever goes wrong in between leaves a hold, which is released at
 * once by the call that failed, or later by a sweep. Thread-safe.
 */
public final class PackageHoldStore {
  private final RegistryTransactions transactions;

  /** Creates the store. */
  public PackageHoldStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /** Notes that a registration is going to take a snapshot under a holder. */
  public void begin(String holder) {
    Instant now = transactions.now();
    transactions.upkeep(
        handle -> {
          handle.attach(PackageHoldDao.class).insert(List.of(holder), "REGISTERING", now);
          return null;
        });
  }

  /**
   * Notes that a registration has failed, so that its snapshot is to be released.
   *
   * @return whether that is so; false when the hold is no registration's any more: a version has
   *     taken it over, whatever the registration was told, or a sweep has been here
   */
  public boolean abandon(String holder) {
    return transactions.upkeep(handle -> handle.attach(PackageHoldDao.class).markReleasing(holder))
        > 0;
  }

  /** Notes that registrations which began longer ago than this have failed; returns how many. */
  public int abandonOlderThan(Duration age) {
    Instant before = transactions.now().minus(age);
    return transactions.upkeep(handle -> handle.attach(PackageHoldDao.class).markAbandoned(before));
  }

  /** Lists holders whose snapshots are to be released, those after a holder, ordered. */
  public List<String> listReleasing(String after, int limit) {
    return transactions.readOne(
        handle -> handle.attach(PackageHoldDao.class).listReleasing(after, limit));
  }

  /** Forgets a holder whose snapshot has been released. */
  public void released(String holder) {
    transactions.upkeep(
        handle -> {
          handle.attach(PackageHoldDao.class).deleteReleased(holder);
          return Optional.empty();
        });
  }

  /** Forgets the request ids of calls that are longer ago than this. */
  public int forgetRequestsOlderThan(Duration age) {
    Instant before = transactions.now().minus(age);
    return transactions.upkeep(
        handle -> handle.attach(CreateRequestDao.class).deleteBefore(before));
  }
}
