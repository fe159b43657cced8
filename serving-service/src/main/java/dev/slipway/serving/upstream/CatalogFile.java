package dev.slipway.serving.upstream;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistrySnapshot;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.ServingPolicy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was last known of the registry, on disk, so that a server that starts while the registry is
 * away serves what the one before it did.
 *
 * <p>A {@link StateFile} with the time at which the registry was last heard and one {@code
 * RegistrySnapshot}. Thread-safe; every call blocks.
 */
public final class CatalogFile {
  private static final Logger log = LoggerFactory.getLogger(CatalogFile.class);

  /** The name of the file in the folder of the packages. */
  public static final String FILE_NAME = "catalog.state";

  private static final int MAGIC = 0x534c_5743;

  /** About half a million versions. */
  private static final int MAX_BODY_BYTES = 256 << 20;

  /** How far the time at which the registry was last heard may be behind in the file. */
  private static final Duration HEARD_PRECISION = Duration.ofMinutes(1);

  private final StateFile file;
  private final Catalog catalog;

  @GuardedBy("this")
  private long savedRevision = -1;

  @GuardedBy("this")
  private Instant savedHeard = Instant.EPOCH;

  /**
   * Creates it; nothing is read or written yet.
   *
   * @param folder an existing folder that no other server uses
   */
  public CatalogFile(Path folder, Catalog catalog) {
    this.file = new StateFile(folder.resolve(FILE_NAME), MAGIC);
    this.catalog = catalog;
  }

  /** Gives the catalog what the file holds, unless the registry was heard already. */
  public void restore() {
    if (catalog.isKnown()) {
      return;
    }
    Optional<Catalog.State> state = file.read(CatalogFile::read);
    if (state.isPresent() && catalog.restore(state.get())) {
      log.warn(
          "the registry does not answer: serving revision {}, as it was last heard at {}",
          state.get().revision(),
          state.get().heardTime());
    }
  }

  /**
   * Writes what the catalog holds, if it has changed or the file is older than a minute. A failure
   * is logged, and tried again by the next call.
   */
  public synchronized void save() {
    Optional<Catalog.State> known = catalog.state();
    if (known.isEmpty() || !isNews(known.get())) {
      return;
    }
    Catalog.State state = known.get();
    byte[] body = body(state);
    if (body.length > MAX_BODY_BYTES) {
      log.warn(
          "what is known of the registry takes {} bytes and is not kept for a restart: at most {}"
              + " are",
          body.length,
          MAX_BODY_BYTES);
    } else if (!file.write(body)) {
      return;
    }
    savedRevision = state.revision();
    savedHeard = state.heardTime();
  }

  @GuardedBy("this")
  private boolean isNews(Catalog.State state) {
    return state.revision() != savedRevision
        || state.heardTime().isAfter(savedHeard.plus(HEARD_PRECISION));
  }

  private static byte[] body(Catalog.State state) {
    RegistrySnapshot.Builder snapshot =
        RegistrySnapshot.newBuilder().setRevision(state.revision()).setLast(true);
    for (CatalogModel model : state.models()) {
      snapshot.addRegisteredModels(
          RegisteredModel.newBuilder()
              .setName(model.name())
              .putAllTags(PolicyTags.write(model.policy())));
      model.versions().stream().map(RegistryStates::message).forEach(snapshot::addModelVersions);
    }
    RegistrySnapshot message = snapshot.build();
    Timestamp heard = RegistryStates.timestamp(state.heardTime());
    int heardSize = heard.getSerializedSize();
    byte[] body =
        new byte
            [CodedOutputStream.computeUInt32SizeNoTag(heardSize)
                + heardSize
                + message.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(body);
    try {
      out.writeUInt32NoTag(heardSize);
      heard.writeTo(out);
      message.writeTo(out);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    out.checkNoSpaceLeft();
    return body;
  }

  private static Catalog.State read(ByteBuffer bytes) throws IOException {
    ByteArrayInputStream body =
        new ByteArrayInputStream(
            bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    try {
      Timestamp heard = Timestamp.parseDelimitedFrom(body);
      return state(RegistryStates.instant(heard), RegistrySnapshot.parseFrom(body));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Catalog.State state(Instant heard, RegistrySnapshot snapshot) {
    Map<String, List<CatalogVersion>> versions = new LinkedHashMap<>();
    Map<String, ServingPolicy> policies = new HashMap<>();
    for (RegisteredModel model : snapshot.getRegisteredModelsList()) {
      versions.put(model.getName(), new ArrayList<>());
      policies.put(model.getName(), PolicyTags.read(model.getName(), model.getTagsMap()));
    }
    for (ModelVersion version : snapshot.getModelVersionsList()) {
      versions
          .computeIfAbsent(version.getName(), name -> new ArrayList<>())
          .add(RegistryStates.version(version));
    }
    List<CatalogModel> models = new ArrayList<>(versions.size());
    versions.forEach(
        (name, ofModel) ->
            models.add(
                CatalogModel.of(name, policies.getOrDefault(name, ServingPolicy.NONE), ofModel)));
    return new Catalog.State(snapshot.getRevision(), heard, models);
  }
}
