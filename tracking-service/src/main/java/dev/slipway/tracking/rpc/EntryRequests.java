package dev.slipway.tracking.rpc;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.EntryKey;
import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.model.LoggedModelProjection;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.run.RunProjection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the parts that many requests share: ids, tags, params, keys, masks, projections. Notes what
 * is wrong under the field's path; values returned after a violation are placeholders that nobody
 * uses, since the violations are thrown.
 */
final class EntryRequests {
  private static final long MAX_SECONDS = 253_402_300_799L;
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  private EntryRequests() {}

  static Optional<ExperimentId> experimentId(String field, String text, Violations violations) {
    return violations.parse(field, text, ExperimentId::parse);
  }

  static Optional<RunId> runId(String field, String text, Violations violations) {
    return violations.parse(field, text, RunId::parse);
  }

  /** Reads ids of runs, at least one and none twice. */
  static List<RunId> runIds(String field, List<String> ids, int max, Violations violations) {
    atLeastOne(field, ids.size(), violations);
    atMost(field, ids.size(), max, violations);
    Set<String> seen = new HashSet<>();
    List<RunId> runs = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      runId(field + "[" + i + "]", ids.get(i), violations).ifPresent(runs::add);
      if (!seen.add(ids.get(i))) {
        violations.add(field + "[" + i + "]", "appears twice");
      }
    }
    return runs;
  }

  /** Checks a key, and returns whether it is one. */
  @CanIgnoreReturnValue
  static boolean key(String field, String key, Violations violations) {
    return violations.parse(field, key, EntryKey::check).isPresent();
  }

  /**
   * Checks a text that may be empty: its length, and that it lacks the one character that
   * PostgreSQL cannot keep.
   */
  static String text(String field, String text, int maxChars, Violations violations) {
    violations.atMost(field, text, maxChars);
    if (text.indexOf('\0') >= 0) {
      violations.add(field, "must not contain the character NUL");
    }
    return text;
  }

  /** Reads tags; of equal keys the last one counts. */
  static List<Tag> tags(
      String field,
      List<dev.slipway.tracking.v1.Tag> messages,
      int maxValueChars,
      Violations violations) {
    atMost(field, messages.size(), Tag.MAX_PER_REQUEST, violations);
    Map<String, Tag> tags = new LinkedHashMap<>();
    for (int i = 0; i < messages.size(); i++) {
      var message = messages.get(i);
      String path = field + "[" + i + "]";
      key(path + ".key", message.getKey(), violations);
      text(path + ".value", message.getValue(), maxValueChars, violations);
      tags.put(message.getKey(), new Tag(message.getKey(), message.getValue()));
    }
    return List.copyOf(tags.values());
  }

  /** Reads the tags of a run, of which one names it. */
  static List<Tag> runTags(
      String field, List<dev.slipway.tracking.v1.Tag> messages, Violations violations) {
    List<Tag> tags = tags(field, messages, Tag.MAX_VALUE_CHARS, violations);
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).getKey().equals(Tag.RUN_NAME)) {
        violations.required(
            field + "[" + i + "].value", messages.get(i).getValue(), RunInfo.MAX_NAME_CHARS);
      }
    }
    return tags;
  }

  static List<Param> params(
      String field, List<dev.slipway.tracking.v1.Param> messages, int max, Violations violations) {
    atMost(field, messages.size(), max, violations);
    List<Param> params = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < messages.size(); i++) {
      var message = messages.get(i);
      String path = field + "[" + i + "]";
      key(path + ".key", message.getKey(), violations);
      text(path + ".value", message.getValue(), Param.MAX_VALUE_CHARS, violations);
      if (!keys.add(message.getKey())) {
        violations.add(path + ".key", "appears twice; a request sets a param once");
      }
      params.add(new Param(message.getKey(), message.getValue()));
    }
    return params;
  }

  /** Reads the keys of tags to remove. */
  static List<String> tagKeys(String field, List<String> keys, Violations violations) {
    atLeastOne(field, keys.size(), violations);
    atMost(field, keys.size(), Tag.MAX_PER_REQUEST, violations);
    for (int i = 0; i < keys.size(); i++) {
      violations.required(field + "[" + i + "]", keys.get(i));
      text(field + "[" + i + "]", keys.get(i), EntryKey.MAX_CHARS, violations);
    }
    return keys.stream().distinct().toList();
  }

  static void atLeastOne(String field, int count, Violations violations) {
    if (count == 0) {
      violations.add(field, "is required: give at least one", FieldViolation.REQUIRED);
    }
  }

  static void atMost(String field, int count, int max, Violations violations) {
    if (count > max) {
      violations.add(field, "has " + count + " entries; can contain at most " + max);
    }
  }

  /** Checks that a mask names something, and nothing but what may change. */
  static Set<String> mask(FieldMask mask, Set<String> allowed, Violations violations) {
    atLeastOne("update_mask", mask.getPathsCount(), violations);
    for (String path : mask.getPathsList()) {
      if (!allowed.contains(path)) {
        violations.add(
            "update_mask",
            "names '"
                + path
                + "'; may name "
                + String.join(", ", allowed.stream().sorted().toList()));
      }
    }
    return Set.copyOf(mask.getPathsList());
  }

  /** Reads a time, cut to milliseconds. */
  static Instant time(String field, Timestamp time, Violations violations) {
    boolean valid =
        time.getSeconds() >= 0
            && time.getSeconds() <= MAX_SECONDS
            && time.getNanos() >= 0
            && time.getNanos() < NANOS_PER_SECOND;
    if (!valid) {
      violations.add(field, "must be a time from 1970-01-01 to 9999-12-31");
      return Instant.EPOCH;
    }
    return Instant.ofEpochMilli(time.getSeconds() * 1000 + time.getNanos() / 1_000_000);
  }

  static ViewType view(String field, dev.slipway.tracking.v1.ViewType view, Violations violations) {
    return switch (view) {
      case VIEW_TYPE_UNSPECIFIED, VIEW_TYPE_ACTIVE_ONLY -> ViewType.ACTIVE_ONLY;
      case VIEW_TYPE_DELETED_ONLY -> ViewType.DELETED_ONLY;
      case VIEW_TYPE_ALL -> ViewType.ALL;
      case UNRECOGNIZED -> {
        violations.add(field, "is not a known view type");
        yield ViewType.ALL;
      }
    };
  }

  static RunProjection projection(
      dev.slipway.tracking.v1.RunProjection projection, Violations violations) {
    return new RunProjection(
        selection("projection.metrics", projection.getMetrics(), violations),
        selection("projection.params", projection.getParams(), violations),
        selection("projection.tags", projection.getTags(), violations),
        projection.getOmitInputsAndOutputs() ? RunLineage.Detail.NONE : RunLineage.Detail.BRIEF);
  }

  static LoggedModelProjection projection(
      dev.slipway.tracking.v1.LoggedModelProjection projection, Violations violations) {
    return new LoggedModelProjection(
        selection("projection.metrics", projection.getMetrics(), violations),
        selection("projection.params", projection.getParams(), violations),
        selection("projection.tags", projection.getTags(), violations));
  }

  private static KeySelection selection(
      String field, dev.slipway.tracking.v1.KeySelection selection, Violations violations) {
    boolean listed = selection.getMode() == dev.slipway.tracking.v1.KeySelection.Mode.MODE_LISTED;
    if (!listed && selection.getKeysCount() > 0) {
      violations.add(field + ".keys", "goes with MODE_LISTED only");
    }
    atMost(field + ".keys", selection.getKeysCount(), KeySelection.MAX_KEYS, violations);
    for (int i = 0; i < selection.getKeysCount(); i++) {
      text(field + ".keys[" + i + "]", selection.getKeys(i), EntryKey.MAX_CHARS, violations);
    }
    return switch (selection.getMode()) {
      case MODE_UNSPECIFIED, MODE_ALL -> KeySelection.ALL;
      case MODE_NONE -> KeySelection.NONE;
      case MODE_LISTED -> KeySelection.of(Set.copyOf(selection.getKeysList()));
      case UNRECOGNIZED -> {
        violations.add(field + ".mode", "is not a known mode");
        yield KeySelection.ALL;
      }
    };
  }
}
