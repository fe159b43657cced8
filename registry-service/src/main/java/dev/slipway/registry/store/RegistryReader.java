package dev.slipway.registry.store;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelAlias;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.RegisteredModel.StageVersion;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionNotFoundException;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionOrigin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Assembles models and versions from their rows, inside one transaction. Not thread-safe, like the
 * handle it reads from.
 */
final class RegistryReader {
  private final RegisteredModelDao models;
  private final ModelVersionDao versions;
  private final TagDao tags;
  private final StageDao stages;
  private final ModelAliasDao aliases;

  RegistryReader(Handle handle) {
    models = handle.attach(RegisteredModelDao.class);
    versions = handle.attach(ModelVersionDao.class);
    tags = handle.attach(TagDao.class);
    stages = handle.attach(StageDao.class);
    aliases = handle.attach(ModelAliasDao.class);
  }

  RegisteredModelRow modelRow(ModelName name) {
    return models
        .findByName(name.value())
        .orElseThrow(() -> new RegisteredModelNotFoundException(name));
  }

  RegisteredModel model(RegisteredModelRow row) {
    return models(List.of(row)).get(0);
  }

  /** Reads a model that must exist, as in a transaction that has just changed it. */
  RegisteredModel model(long modelId) {
    return model(models.findById(modelId).orElseThrow());
  }

  List<RegisteredModel> models(List<RegisteredModelRow> rows) {
    if (rows.isEmpty()) {
      return List.of();
    }
    Long[] ids = rows.stream().map(RegisteredModelRow::modelId).toArray(Long[]::new);
    Map<Long, Map<String, String>> tagsOf = new HashMap<>();
    tags.listOfModels(ids)
        .forEach(
            tag ->
                tagsOf
                    .computeIfAbsent(tag.modelId(), id -> new HashMap<>())
                    .put(tag.tagKey(), tag.tagValue()));
    Map<Long, List<ModelAlias>> aliasesOf =
        aliases.list(ids).stream()
            .collect(
                Collectors.groupingBy(
                    ModelAliasDao.AliasRow::modelId,
                    Collectors.mapping(RegistryReader::alias, Collectors.toList())));
    Map<Long, List<StageVersion>> latestOf =
        stages.listLatest(ids).stream()
            .collect(
                Collectors.groupingBy(
                    StageDao.StageRow::modelId,
                    Collectors.mapping(
                        at ->
                            new StageVersion(
                                Stage.valueOf(at.stage()), new VersionNumber(at.version())),
                        Collectors.toList())));
    List<RegisteredModel> result = new ArrayList<>(rows.size());
    for (RegisteredModelRow row : rows) {
      List<StageVersion> latest = new ArrayList<>(latestOf.getOrDefault(row.modelId(), List.of()));
      latest.sort(Comparator.comparing(StageVersion::stage));
      result.add(
          new RegisteredModel(
              row.modelId(),
              new ModelName(row.name()),
              row.description(),
              row.deploymentJobId(),
              tagsOf.getOrDefault(row.modelId(), Map.of()),
              aliasesOf.getOrDefault(row.modelId(), List.of()),
              latest,
              row.lastVersion(),
              new ChangeStamp(
                  row.createdAt(),
                  row.createdBy(),
                  row.updatedAt(),
                  row.updatedBy(),
                  row.revision())));
    }
    return result;
  }

  /** Reads a version with its signature and the whole of its flavors. */
  ModelVersion version(RegisteredModelRow model, VersionNumber number) {
    return version(versionRow(model, number));
  }

  ModelVersionRow versionRow(RegisteredModelRow model, VersionNumber number) {
    return versions
        .find(model.modelId(), number.value())
        .orElseThrow(() -> new ModelVersionNotFoundException(new ModelName(model.name()), number));
  }

  ModelVersion version(ModelVersionRow row) {
    return assemble(List.of(row), true).get(0);
  }

  /** Reads a version without signature and flavor configuration, as events carry it. */
  ModelVersion brief(RegisteredModelRow model, VersionNumber number) {
    return briefs(List.of(versionRow(model, number))).get(0);
  }

  /** Reads versions without signature and flavor configuration. */
  List<ModelVersion> briefs(List<ModelVersionRow> rows) {
    return assemble(rows, false);
  }

  List<ModelAlias> aliases(long modelId) {
    return aliases.list(new Long[] {modelId}).stream().map(RegistryReader::alias).toList();
  }

  private List<ModelVersion> assemble(List<ModelVersionRow> rows, boolean whole) {
    Map<Long, List<ModelVersionRow>> byModel =
        rows.stream().collect(Collectors.groupingBy(ModelVersionRow::modelId));
    Map<VersionKey, Map<String, String>> tagsOf = new HashMap<>();
    byModel.forEach(
        (modelId, group) -> {
          long from = group.stream().mapToLong(ModelVersionRow::version).min().orElseThrow();
          long to = group.stream().mapToLong(ModelVersionRow::version).max().orElseThrow();
          tags.listOfVersions(modelId, from, to)
              .forEach(
                  tag ->
                      tagsOf
                          .computeIfAbsent(
                              new VersionKey(tag.modelId(), tag.version()), key -> new HashMap<>())
                          .put(tag.tagKey(), tag.tagValue()));
        });
    Map<VersionKey, List<AliasName>> aliasesOf =
        byModel.isEmpty()
            ? Map.of()
            : aliases.list(byModel.keySet().toArray(Long[]::new)).stream()
                .collect(
                    Collectors.groupingBy(
                        row -> new VersionKey(row.modelId(), row.version()),
                        Collectors.mapping(
                            row -> new AliasName(row.alias()), Collectors.toList())));
    return rows.stream()
        .map(
            row -> {
              VersionKey key = new VersionKey(row.modelId(), row.version());
              return version(
                  row,
                  tagsOf.getOrDefault(key, Map.of()),
                  aliasesOf.getOrDefault(key, List.of()),
                  whole);
            })
        .toList();
  }

  private static ModelVersion version(
      ModelVersionRow row, Map<String, String> tags, List<AliasName> aliases, boolean whole) {
    List<Flavor> flavors = PackageColumns.flavors(row.flavors());
    return new ModelVersion(
        new ModelName(row.name()),
        new VersionNumber(row.version()),
        ModelVersionState.valueOf(row.state()),
        row.stateReason(),
        stage(row),
        row.stageSince(),
        aliases,
        row.description(),
        tags,
        new VersionOrigin(
            row.source(),
            Optional.of(row.artifactPath()).filter(path -> !path.isEmpty()),
            Optional.of(row.runId()).filter(id -> !id.isEmpty()).map(RunId::new),
            row.runLink(),
            row.loggedModelId()),
        Optional.ofNullable(row.holder()),
        Optional.ofNullable(row.packageDigest()).map(Sha256::new),
        row.packageSizeBytes(),
        whole ? PackageColumns.signature(row) : Optional.empty(),
        whole ? flavors : flavors.stream().map(f -> new Flavor(f.name(), Map.of())).toList(),
        new ChangeStamp(
            row.createdAt(), row.createdBy(), row.updatedAt(), row.updatedBy(), row.revision()));
  }

  private static Stage stage(ModelVersionRow row) {
    if (row.stage() != null) {
      return Stage.valueOf(row.stage());
    }
    return row.archived() ? Stage.ARCHIVED : Stage.NONE;
  }

  private static ModelAlias alias(ModelAliasDao.AliasRow row) {
    return new ModelAlias(
        new AliasName(row.alias()),
        new VersionNumber(row.version()),
        Optional.of(row.protectedByRole()).filter(role -> !role.isEmpty()));
  }

  private record VersionKey(long modelId, long version) {}
}
