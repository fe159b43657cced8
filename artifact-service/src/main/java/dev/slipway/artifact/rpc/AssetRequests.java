package dev.slipway.artifact.rpc;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import dev.slipway.artifact.asset.AssetName;
import dev.slipway.artifact.asset.AssetNotes;
import dev.slipway.artifact.asset.AssetSource;
import dev.slipway.artifact.asset.NewVersion;
import dev.slipway.artifact.asset.PushRequest;
import dev.slipway.artifact.asset.VersionChoice;
import dev.slipway.artifact.asset.VersionNumber;
import dev.slipway.artifact.asset.VersioningScheme;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.ListAssetsRequest;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.UpdateAssetRequest;
import dev.slipway.artifact.v1.VersionBump;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Reads messages about assets into domain values, noting every violation. Stateless. */
final class AssetRequests {
  private static final int DEFAULT_PAGE_SIZE = 100;
  private static final int MAX_PAGE_SIZE = 1000;
  private static final Pattern PREFIX =
      Pattern.compile("[A-Za-z0-9._/-]{0," + AssetName.MAX_CHARS + "}");

  private AssetRequests() {}

  static NewVersion push(PushAssetRequest request) {
    Violations violations = new Violations();
    Optional<AssetName> name = name(request.getName(), violations);
    Optional<VersioningScheme> scheme = scheme(request, violations);
    Optional<VersionNumber> version =
        request.getVersion().isEmpty()
            ? Optional.empty()
            : version(request.getVersion(), violations);
    if (version.isPresent() && scheme.isPresent() && version.get().scheme() != scheme.get()) {
      violations.add("version", "is no complete version of scheme " + scheme.get());
    }
    Optional<AssetSource> source = source(request.getContent(), violations);
    Optional<AssetNotes> notes = notes(request.getContent(), violations);
    Optional<PushRequest> id =
        request(request.getRequestId(), request.toBuilder().clearRequestId().build(), violations);
    violations.throwIfAny();
    VersionChoice choice =
        version.isPresent()
            ? new VersionChoice.Given(version.get(), scheme)
            : new VersionChoice.First(scheme.orElse(VersioningScheme.MAJOR_MINOR));
    return new NewVersion(
        name.orElseThrow(), choice, source.orElseThrow(), notes.orElseThrow(), id);
  }

  private static Optional<VersioningScheme> scheme(
      PushAssetRequest request, Violations violations) {
    return switch (request.getVersioningScheme()) {
      case VERSIONING_SCHEME_UNSPECIFIED -> Optional.empty();
      case VERSIONING_SCHEME_MAJOR_MINOR -> Optional.of(VersioningScheme.MAJOR_MINOR);
      case VERSIONING_SCHEME_DATE -> Optional.of(VersioningScheme.DATE);
      case UNRECOGNIZED -> {
        violations.add("versioning_scheme", "is unknown");
        yield Optional.empty();
      }
    };
  }

  static NewVersion update(UpdateAssetRequest request) {
    Violations violations = new Violations();
    Optional<AssetName> name = name(request.getName(), violations);
    if (request.getBump() == VersionBump.UNRECOGNIZED) {
      violations.add("bump", "is unknown");
    }
    boolean bumpMajor = request.getBump() == VersionBump.VERSION_BUMP_MAJOR;
    OptionalLong within =
        request.hasWithinMajor() ? OptionalLong.of(request.getWithinMajor()) : OptionalLong.empty();
    if (request.getWithinMajor() < 0 || request.getWithinMajor() > VersionNumber.MAX_NUMBER) {
      violations.add(
          "within_major",
          "is " + request.getWithinMajor() + "; must be 0 to " + VersionNumber.MAX_NUMBER);
    } else if (within.isPresent() && bumpMajor) {
      violations.add("within_major", "must be unset with VERSION_BUMP_MAJOR");
    }
    Optional<AssetSource> source = source(request.getContent(), violations);
    Optional<AssetNotes> notes = notes(request.getContent(), violations);
    Optional<PushRequest> id =
        request(request.getRequestId(), request.toBuilder().clearRequestId().build(), violations);
    violations.throwIfAny();
    return new NewVersion(
        name.orElseThrow(),
        new VersionChoice.Next(bumpMajor, within),
        source.orElseThrow(),
        notes.orElseThrow(),
        id);
  }

  private static Optional<AssetSource> source(AssetContent content, Violations violations) {
    if (content.hasFileCount() && content.getFileCount() < 1) {
      violations.add("content.file_count", "is " + content.getFileCount() + "; must be 1 or more");
    }
    OptionalLong fileCount =
        content.hasFileCount() ? OptionalLong.of(content.getFileCount()) : OptionalLong.empty();
    return switch (content.getSourceCase()) {
      case PATH ->
          ArtifactRequests.filePath("content.path", content.getPath(), violations)
              .map(path -> new AssetSource.Tree(path, content.getDeleteSource(), fileCount));
      case MANIFEST_DIGEST -> {
        if (content.getDeleteSource()) {
          violations.add("content.delete_source", "must be unset with manifest_digest");
        }
        if (content.hasFileCount()) {
          violations.add("content.file_count", "must be unset with manifest_digest");
        }
        yield violations
            .parse("content.manifest_digest", content.getManifestDigest(), Sha256::new)
            .map(AssetSource.Recorded::new);
      }
      case SOURCE_NOT_SET -> {
        violations.add("content.source", "path or manifest_digest is required");
        yield Optional.empty();
      }
    };
  }

  private static Optional<AssetNotes> notes(AssetContent content, Violations violations) {
    text("content.author", content.getAuthor(), AssetNotes.MAX_AUTHOR_CHARS, violations);
    text(
        "content.description",
        content.getDescription(),
        AssetNotes.MAX_DESCRIPTION_CHARS,
        violations);
    Map<String, String> metadata = content.getMetadataMap();
    if (metadata.size() > AssetNotes.MAX_METADATA) {
      violations.add(
          "content.metadata",
          "has "
              + metadata.size()
              + " entries; at most "
              + AssetNotes.MAX_METADATA
              + " are allowed");
    }
    metadata.forEach(
        (key, value) -> {
          String field = "content.metadata[\"" + key + "\"]";
          if (key.isEmpty()) {
            violations.add(field, "must not have an empty key");
          }
          text(field, key, AssetNotes.MAX_KEY_CHARS, violations);
          text(field, value, AssetNotes.MAX_VALUE_CHARS, violations);
        });
    return Optional.of(AssetNotes.of(content.getAuthor(), content.getDescription(), metadata));
  }

  private static void text(String field, String text, int maxChars, Violations violations) {
    violations.atMost(field, text, maxChars);
    if (text.indexOf('\0') >= 0) {
      violations.add(field, "must not contain the character U+0000");
    }
  }

  private static Optional<PushRequest> request(String id, Message rest, Violations violations) {
    return violations
        .requestId("request_id", id)
        .map(valid -> new PushRequest(valid, fingerprint(rest)));
  }

  private static String fingerprint(Message message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      message.writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    MessageDigest digest = Sha256.newDigest();
    // A push and an update may look alike.
    digest.update(message.getDescriptorForType().getFullName().getBytes(US_ASCII));
    digest.update(bytes);
    return Sha256.of(digest).hex();
  }

  static Optional<AssetName> name(String name, Violations violations) {
    if (name.isEmpty()) {
      violations.add("name", "is required");
      return Optional.empty();
    }
    return violations.parse("name", name, AssetName::new);
  }

  static Optional<VersionNumber> version(String version, Violations violations) {
    if (version.isEmpty()) {
      violations.add("version", "is required");
      return Optional.empty();
    }
    return violations.parse("version", version, VersionNumber::parse);
  }

  static PageRequest page(ListAssetsRequest request) {
    Violations violations = new Violations();
    if (!PREFIX.matcher(request.getNamePrefix()).matches()) {
      violations.add(
          "name_prefix",
          "must be at most " + AssetName.MAX_CHARS + " of the characters A-Z a-z 0-9 . _ / -");
    }
    PageRequest page =
        page(
            request.getPageSize(),
            request.getPageToken(),
            "assets " + request.getNamePrefix(),
            violations);
    violations.throwIfAny();
    return page;
  }

  static PageRequest page(int size, String token, String fingerprint, Violations violations) {
    return PageRequest.of(size, token, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, fingerprint, violations);
  }
}
