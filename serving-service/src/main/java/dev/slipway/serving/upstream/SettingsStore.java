package dev.slipway.serving.upstream;

import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.serving.catalog.ModelSettings;
import dev.slipway.serving.catalog.ServingSetting;
import io.grpc.Channel;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Writes the settings of models to the registry, whose feed tells every server. Thread-safe. */
public final class SettingsStore {
  private static final long SECONDS = 5;

  private final Channel registry;

  /** Creates the store; the channel stays the caller's. */
  public SettingsStore(Channel registry) {
    this.registry = registry;
  }

  /**
   * Changes some settings of a model, all or none, and leaves the others as they are.
   *
   * @param changes new values, checked; absent for the server's own
   * @return all settings that the model has now; fails with {@link RegistryUnavailableException},
   *     or {@link SettingsRefusedException} if the registry does not take them
   */
  public CompletableFuture<ModelSettings> change(
      String model, Map<ServingSetting, Optional<Object>> changes) {
    SetRegisteredModelTagsRequest.Builder request =
        SetRegisteredModelTagsRequest.newBuilder().setName(model);
    // An empty value instead of a deletion: one call, so that all or none are changed.
    changes.forEach(
        (setting, value) ->
            request.putTags(SettingTags.tag(setting), value.map(SettingTags::write).orElse("")));
    CompletableFuture<RegisteredModel> changed = new CompletableFuture<>();
    RegistryServiceGrpc.newStub(registry)
        .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
        .setRegisteredModelTags(request.build(), new RegistryAnswer<>(model, changed));
    return changed.thenApply(answer -> SettingTags.read(model, answer.getTagsMap()));
  }
}
