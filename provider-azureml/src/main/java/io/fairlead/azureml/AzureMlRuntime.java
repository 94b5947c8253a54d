package io.fairlead.azureml;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.RuntimeOptions;

/**
 * Azure ML's options of a runtime, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <pre>{@code
 * RuntimeSpec runtime = RuntimeSpec.of("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04")
 *     .with(AzureMlRuntime.condaFile(CondaFile.of("python=3.11", "pip", "pytorch").withChannels("conda-forge")));
 * }</pre>
 *
 * @param condaFile the conda environment that is installed on top of the image
 */
public record AzureMlRuntime(CondaFile condaFile) implements RuntimeOptions {
  public AzureMlRuntime {
    requireNonNull(condaFile, "condaFile");
  }

  public static AzureMlRuntime condaFile(CondaFile condaFile) {
    return new AzureMlRuntime(condaFile);
  }

  @Override
  public String platform() {
    return AzureMlOptionsProvider.PLATFORM;
  }
}
