import io.fairlead.sagemaker.*
