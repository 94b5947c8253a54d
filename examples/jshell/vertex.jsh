import io.fairlead.vertex.*
