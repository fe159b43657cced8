package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.registry.v1.DeleteModelVersionTagsRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelTagsRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.SetModelVersionTagsRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sets or removes tags. */
@Command(
    name = "tag",
    mixinStandardHelpOptions = true,
    description = {
      "Sets tags of a model, or of one of its versions, or removes some; others stay.",
      "",
      "  slipway models tag digits team=vision",
      "  slipway models tag digits/3 dataset=2026-11 reviewed=yes",
      "  slipway models tag digits/3 --remove reviewed"
    })
final class TagCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The model, or a version of it: " + ModelSpec.FORMS + ".")
  private ModelSpec model;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "KEY=VALUE",
      description = "Tags to set.")
  private Map<String, String> tags = Map.of();

  @Option(names = "--remove", paramLabel = "KEY", description = "A tag to remove; may be repeated.")
  private List<String> removed = List.of();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    if (tags.isEmpty() == removed.isEmpty()) {
      throw usage("give either tags to set, KEY=VALUE, or tags to --remove");
    }
    if (model.namesVersion()) {
      print(ofVersion(registry), version -> tell(Words.tags(version.getTagsMap())));
    } else if (removed.isEmpty()) {
      print(
          registry.setRegisteredModelTags(
              SetRegisteredModelTagsRequest.newBuilder()
                  .setName(model.model())
                  .putAllTags(tags)
                  .build()),
          changed -> tell(Words.tags(changed.getTagsMap())));
    } else {
      print(
          registry.deleteRegisteredModelTags(
              DeleteRegisteredModelTagsRequest.newBuilder()
                  .setName(model.model())
                  .addAllKeys(removed)
                  .build()),
          changed -> tell(Words.tags(changed.getTagsMap())));
    }
  }

  private ModelVersion ofVersion(RegistryServiceBlockingStub registry) {
    ModelVersion version = resolve(registry, model);
    return removed.isEmpty()
        ? registry.setModelVersionTags(
            SetModelVersionTagsRequest.newBuilder()
                .setName(version.getName())
                .setVersion(version.getVersion())
                .putAllTags(tags)
                .build())
        : registry.deleteModelVersionTags(
            DeleteModelVersionTagsRequest.newBuilder()
                .setName(version.getName())
                .setVersion(version.getVersion())
                .addAllKeys(removed)
                .build());
  }

  private void tell(List<String> now) {
    out().println(now.isEmpty() ? "No tags." : String.join("\n", now));
  }
}
