package dev.slipway.registry.rpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads the fields that many requests have into domain values, and gathers what is wrong with them.
 * Each method notes its violations under the path it is given and then returns an empty value. Not
 * thread-safe: one instance per request.
 */
final class RequestFields {
  private static final int MAX_COMMENT = 2000;
  private static final int MAX_LINK = 2048;
  private static final int MAX_TAGS_PER_CALL = 100;
  private static final int MAX_TAG_KEY = 250;
  private static final int MAX_TAG_VALUE = 100_000;
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1000;
  private static final long MIN_SECONDS = Instant.parse("0001-01-01T00:00:00Z").getEpochSecond();
  private static final long MAX_SECONDS = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
  private static final Pattern TAG_KEY =
      Pattern.compile("[\\w/.\\- :]+", Pattern.UNICODE_CHARACTER_CLASS);

  private final Violations violations = new Violations();

  /** Is what a list is narrowed to; empty: all. */
  record NameAndVersion(Optional<ModelName> name, Optional<VersionNumber> version) {}

  /** Returns what is wrong so far. */
  Violations violations() {
    return violations;
  }

  Optional<ModelName> name(String field, String text) {
    return violations.parse(field, text, ModelName::new);
  }

  /** Reads the filters {@code name} and {@code version}; a version needs a name beside it. */
  NameAndVersion filter(String name, long version) {
    NameAndVersion about =
        new NameAndVersion(
            name.isEmpty() ? Optional.empty() : name("name", name),
            version == 0 ? Optional.empty() : number("version", version));
    if (version != 0 && name.isEmpty()) {
      violations.add("name", "is required together with version", FieldViolation.REQUIRED);
    }
    return about;
  }

  /** Reads a filter by actor. */
  Optional<String> actorFilter(String field, String actor) {
    if (!actor.isEmpty() && !Caller.isName(actor)) {
      violations.add(field, "must be 1 to 128 printable ASCII characters");
    }
    return when(!actor.isEmpty(), actor);
  }

  Optional<AliasName> aliasName(String field, String text) {
    return violations.parse(field, text, AliasName::new);
  }

  Optional<VersionNumber> number(String field, long number) {
    return violations.parse(field, number, VersionNumber::new);
  }

  Optional<RegistryRequests.VersionId> versionId(String prefix, String name, long version) {
    Optional<ModelName> parsed = name(prefix + "name", name);
    Optional<VersionNumber> number = number(prefix + "version", version);
    return parsed.flatMap(n -> number.map(v -> new RegistryRequests.VersionId(n, v)));
  }

  Optional<Stage> stage(String field, dev.slipway.registry.v1.Stage stage) {
    Optional<Stage> parsed = RegistryProtos.stage(stage);
    if (parsed.isEmpty()) {
      violations.add(
          field,
          "is required: STAGE_NONE, STAGE_STAGING, STAGE_PRODUCTION or STAGE_ARCHIVED",
          FieldViolation.REQUIRED);
    }
    return parsed;
  }

  void text(String field, String text, int maxChars) {
    violations.atMost(field, text, maxChars);
    if (text.indexOf('\0') >= 0) {
      violations.add(field, "must not contain the character U+0000");
    }
  }

  void comment(String comment) {
    text("comment", comment, MAX_COMMENT);
  }

  void link(String field, String link) {
    text(field, link, MAX_LINK);
    if (link.isEmpty()) {
      return;
    }
    try {
      URI uri = new URI(link);
      if (uri.getHost() == null || !Set.of("http", "https").contains(uri.getScheme())) {
        violations.add(field, "must be an absolute http or https URL");
      }
    } catch (URISyntaxException e) {
      violations.add(field, "must be an absolute http or https URL: " + e.getReason());
    }
  }

  void archiveExisting(boolean archive, Optional<Stage> stage) {
    if (archive && stage.isPresent() && !stage.get().exclusive()) {
      violations.add(
          "archive_existing_versions", "can be set only when stage is Staging or Production");
    }
  }

  void requiredTags(Map<String, String> tags) {
    if (tags.isEmpty()) {
      violations.addMissing("tags");
    }
    tags("tags", tags);
  }

  void tags(String field, Map<String, String> tags) {
    if (tags.size() > MAX_TAGS_PER_CALL) {
      violations.add(
          field, "has " + tags.size() + " entries; at most " + MAX_TAGS_PER_CALL + " are allowed");
    }
    if (TextSize.of(tags) > RegisteredModel.MAX_TAG_BYTES) {
      violations.add(field, "has more than 1 MiB of keys and values");
    }
    new HashMap<>(tags)
        .forEach(
            (key, value) -> {
              String path = "%s[\"%s\"]".formatted(field, key);
              tagKey(path, key);
              text(path, value, MAX_TAG_VALUE);
            });
  }

  void tagKeys(List<String> keys) {
    if (keys.isEmpty()) {
      violations.addMissing("keys");
    }
    if (keys.size() > MAX_TAGS_PER_CALL) {
      violations.add("keys", "has more than " + MAX_TAGS_PER_CALL + " entries");
    }
    for (int i = 0; i < keys.size(); i++) {
      tagKey("keys[" + i + "]", keys.get(i));
    }
  }

  private void tagKey(String field, String key) {
    if (key.isEmpty()) {
      violations.add(field, "has an empty key");
      return;
    }
    violations.atMost(field, key, MAX_TAG_KEY);
    if (!TAG_KEY.matcher(key).matches()) {
      violations.add(field, "must be letters, digits and the characters _ / . - : and space");
    } else if (!isCleanPath(key)) {
      violations.add(field, "must be a clean relative path: no empty, . or .. segments");
    }
  }

  private static boolean isCleanPath(String key) {
    for (String segment : key.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return false;
      }
    }
    return true;
  }

  Set<String> mask(FieldMask mask, Collection<String> allowed) {
    if (mask.getPathsCount() == 0) {
      violations.add(
          "update_mask",
          "is required; one or more of " + allowed.stream().sorted().toList(),
          FieldViolation.REQUIRED);
    }
    for (int i = 0; i < mask.getPathsCount(); i++) {
      if (!allowed.contains(mask.getPaths(i))) {
        violations.add(
            "update_mask.paths[" + i + "]",
            "cannot be changed; one of " + allowed.stream().sorted().toList() + " is expected");
      }
    }
    return new HashSet<>(mask.getPathsList());
  }

  PageRequest page(int size, String token, String fingerprint) {
    return PageRequest.of(size, token, DEFAULT_PAGE, MAX_PAGE, fingerprint, violations);
  }

  Optional<Instant> time(String field, boolean given, Timestamp time) {
    if (!given) {
      return Optional.empty();
    }
    if (time.getSeconds() < MIN_SECONDS
        || time.getSeconds() > MAX_SECONDS
        || time.getNanos() < 0
        || time.getNanos() > 999_999_999) {
      violations.add(field, "must lie between the years 1 and 9999");
      return Optional.empty();
    }
    return Optional.of(Instant.ofEpochSecond(time.getSeconds(), time.getNanos()));
  }

  Optional<IdempotencyKey> key(String method, String requestId, Message rest) {
    return violations
        .requestId("request_id", requestId)
        .map(id -> new IdempotencyKey(method, id, digest(rest)));
  }

  /** Reads a duration between two bounds, both included. */
  Duration duration(
      String field,
      com.google.protobuf.Duration given,
      Duration least,
      Duration most,
      String otherwise) {
    // Anything far beyond the bounds is refused alike, and must not overflow before.
    long seconds = Math.max(-1, Math.min(given.getSeconds(), most.toSeconds() + 1));
    Duration duration = Duration.ofSeconds(seconds, given.getNanos());
    if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
      violations.add(field, otherwise);
    }
    return duration;
  }

  static String digest(Message message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.useDeterministicSerialization();
      message.writeTo(out);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static <T> Optional<T> when(boolean condition, T value) {
    return condition ? Optional.of(value) : Optional.empty();
  }
}
