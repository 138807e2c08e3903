// Before anything is drawn, so that nobody is dazzled: the scheme that was chosen here, or the system's.
document.documentElement.dataset.theme = localStorage.getItem('moorage.theme') ?? 'auto'
