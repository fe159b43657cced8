package dev.slipway.registry.service;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureDiff;
import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.check.Numbers;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.RunValues;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.RunId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Is how two versions differ.
 *
 * @param older read with its signature
 * @param newer read with its signature
 * @param runDifferences params, then metrics, each ordered by key; at most {@value
 *     #MAX_DIFFERENCES} and about 1 MiB of text
 * @param truncated whether there are more
 */
public record VersionComparison(
    ModelVersion older,
    ModelVersion newer,
    List<SignatureDifference> signatureDifferences,
    List<RunDifference> runDifferences,
    boolean truncated) {
  /** The most differences of runs that are told of. */
  public static final int MAX_DIFFERENCES = 1000;

  private static final long MAX_TEXT_BYTES = 1 << 20;

  /** Copies the lists. */
  public VersionComparison {
    signatureDifferences = List.copyOf(signatureDifferences);
    runDifferences = List.copyOf(runDifferences);
  }

  /** Says what kind of value a run has under a key. */
  public enum ValueKind {
    /** A param. */
    PARAM,
    /** The latest value of a metric. */
    METRIC
  }

  /**
   * Is a value that differs between two runs.
   *
   * @param older absent when that run has none
   * @param newer absent when that run has none
   */
  public record RunDifference(
      ValueKind kind, String name, Optional<String> older, Optional<String> newer) {
    long weight() {
      return TextSize.of(name, older.orElse(""), newer.orElse(""));
    }
  }

  /** Returns whether both have the same files. */
  public boolean samePackage() {
    return older.packageDigest().isPresent() && older.packageDigest().equals(newer.packageDigest());
  }

  /**
   * Compares two versions, and what their runs logged where both are known.
   *
   * @throws dev.slipway.registry.upstream.UpstreamUnavailableException if the tracking service does
   *     not answer
   */
  static VersionComparison of(ModelVersion older, ModelVersion newer, RunLookup runs) {
    List<RunDifference> all = runDifferences(older, newer, runs);
    List<RunDifference> kept = new ArrayList<>();
    long bytes = 0;
    for (RunDifference difference : all) {
      bytes += difference.weight();
      if (kept.size() == MAX_DIFFERENCES || bytes > MAX_TEXT_BYTES) {
        break;
      }
      kept.add(difference);
    }
    return new VersionComparison(
        older,
        newer,
        SignatureDiff.between(signature(older), signature(newer)).differences(),
        kept,
        kept.size() < all.size());
  }

  private static ModelSignature signature(ModelVersion version) {
    return version
        .signature()
        .orElseGet(() -> new ModelSignature(Optional.empty(), Optional.empty(), List.of()));
  }

  private static List<RunDifference> runDifferences(
      ModelVersion older, ModelVersion newer, RunLookup runs) {
    Optional<RunId> before = older.origin().runId();
    Optional<RunId> after = newer.origin().runId();
    if (before.isEmpty() || after.isEmpty() || before.equals(after)) {
      return List.of();
    }
    Optional<RunValues> old = runs.findAll(before.get());
    Optional<RunValues> now = runs.findAll(after.get());
    if (old.isEmpty() || now.isEmpty()) {
      return List.of();
    }
    List<RunDifference> differences = new ArrayList<>();
    add(differences, ValueKind.PARAM, old.get().params(), now.get().params());
    add(differences, ValueKind.METRIC, texts(old.get().metrics()), texts(now.get().metrics()));
    return differences;
  }

  private static Map<String, String> texts(Map<String, Double> metrics) {
    Map<String, String> texts = new HashMap<>();
    metrics.forEach((key, value) -> texts.put(key, Numbers.text(value)));
    return texts;
  }

  private static void add(
      List<RunDifference> differences,
      ValueKind kind,
      Map<String, String> older,
      Map<String, String> newer) {
    Set<String> keys = new TreeSet<>(older.keySet());
    keys.addAll(newer.keySet());
    for (String key : keys) {
      if (!Objects.equals(older.get(key), newer.get(key))) {
        differences.add(
            new RunDifference(
                kind,
                key,
                Optional.ofNullable(older.get(key)),
                Optional.ofNullable(newer.get(key))));
      }
    }
  }
}
