package io.fairlead.azureml;

import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * Azure ML's options of a runtime, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <pre>{@code
 * RuntimeSpec runtime = RuntimeSpec.of("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04")
 *     .with(AzureMlRuntime.condaFile(CondaFile.of("python=3.11", "pip", "pytorch").withChannels("conda-forge")));
 * }</pre>
 */
public final class AzureMlRuntime extends Settings<AzureMlRuntime.Draft> implements RuntimeOptions {
  static final class Draft extends Settings.Draft {
    Optional<CondaFile> condaFile = Optional.empty();
  }

  private AzureMlRuntime(Draft draft) {
    super(draft);
  }

  /** {@return the option of an image on top of which a conda environment is installed} */
  public static AzureMlRuntime condaFile(CondaFile condaFile) {
    Draft draft = new Draft();
    draft.condaFile = Optional.of(condaFile);
    return new AzureMlRuntime(draft);
  }

  /** {@return the conda environment that is installed on top of the image} */
  public Optional<CondaFile> condaFile() {
    return draft().condaFile;
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
