import io.fairlead.azureml.*
