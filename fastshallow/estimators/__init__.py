"""scikit-learn's interface: estimators that train with the kernels."""
